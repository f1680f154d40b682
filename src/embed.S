/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links a file in as it is, followed by a NUL: EMBED_NAME .. EMBED_NAME_end. */
#define PASTE(a, b) a##b
#define END(name) PASTE(name, _end)
	.section .rodata
	.global EMBED_NAME
	.global END(EMBED_NAME)
	.balign 16
EMBED_NAME:
	.incbin EMBED_FILE
END(EMBED_NAME):
	.byte 0
	.section .note.GNU-stack, "", %progbits
