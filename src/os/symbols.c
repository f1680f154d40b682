// SPDX-License-Identifier: GPL-2.0-or-later
#include "os/symbols.h"

#include <errno.h>

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct symbol {
	const char *name; /* the ELF file's */
	uint64_t address, size;
};

/* One ELF file: the kernel, or a module. */
struct object {
	char *module; /* "" the kernel */
	Dwfl *dwfl;   /* NULL: there is no file */
	Dwfl_Module *elf;
	struct symbol *symbols; /* functions, by name */
	size_t n;
};

struct symbols {
	char *dir;
	struct object *objects;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

static void read_symbols(struct object *object)
{
	int n = dwfl_module_getsymtab(object->elf);

	object->symbols = xcalloc((size_t)(n > 0 ? n : 1), sizeof(object->symbols[0]));
	for (int i = 0; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr address;
		const char *name = dwfl_module_getsym_info(object->elf, i, &sym, &address,
							   NULL, NULL, NULL);

		if (name && name[0] && GELF_ST_TYPE(sym.st_info) == STT_FUNC)
			object->symbols[object->n++] =
				(struct symbol){ name, address, sym.st_size };
	}
	qsort(object->symbols, object->n, sizeof(object->symbols[0]), by_name);
}

static int object_open(struct object *object, const char *path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};

	object->dwfl = dwfl_begin(&callbacks);
	if (!object->dwfl)
		return -ENOMEM;
	object->elf = dwfl_report_offline(object->dwfl, "", path, -1);
	dwfl_report_end(object->dwfl, NULL, NULL);
	if (object->elf) {
		read_symbols(object);
		return 0;
	}
	dwfl_end(object->dwfl);
	object->dwfl = NULL;
	return -EINVAL;
}

/* -- files ---------------------------------------------------------------------------- */

/* nftw() has no argument for its callback; one search at a time. */
static struct search {
	const char *name;
	char *found;
} search;

/* In file names '-' and '_' are the same, as modprobe has it. */
static bool is_called(const char *file, const char *name)
{
	for (; *name; file++, name++)
		if (*file != *name && !(*file == '-' && *name == '_') &&
		    !(*file == '_' && *name == '-'))
			return false;
	return !*file || !strcmp(file, ".debug");
}

static int look_at_file(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	if (type != FTW_F || !is_called(path + where->base, search.name))
		return 0;
	/* The one with DWARF is better than the one that is loaded. */
	if (!search.found || !strcmp(path + strlen(path) - 6, ".debug")) {
		free(search.found);
		search.found = xstrdup(path);
	}
	return 0;
}

static char *find_file(const char *dir, const char *name)
{
	search = (struct search){ .name = name };
	if (dir)
		nftw(dir, look_at_file, 16, FTW_PHYS);
	return search.found;
}

static struct object *find_object(struct symbols *symbols, const char *module)
{
	_cleanup_free_ char *name = NULL, *path = NULL;
	struct object *object;

	for (size_t i = 0; i < symbols->n; i++)
		if (!strcmp(symbols->objects[i].module, module))
			return &symbols->objects[i];
	symbols->objects =
		xrealloc(symbols->objects, symbols->n + 1, sizeof(symbols->objects[0]));
	object = &symbols->objects[symbols->n++];
	*object = (struct object){ .module = xstrdup(module) };
	name = xasprintf("%s.ko", module);
	path = find_file(symbols->dir, name);
	if (path && object_open(object, path) < 0)
		object->dwfl = NULL;
	return object;
}

int symbols_open(const char *vmlinux, const char *dir, struct symbols **ret)
{
	_cleanup_free_ char *path = vmlinux ? xstrdup(vmlinux) :
					      find_file(dir, "vmlinux");
	struct symbols *symbols;
	int r;

	if (!path || access(path, R_OK) < 0)
		return -ENOENT;
	symbols = xcalloc(1, sizeof(*symbols));
	symbols->dir = dir ? xstrdup(dir) : NULL;
	symbols->objects = xcalloc(1, sizeof(symbols->objects[0]));
	symbols->objects[symbols->n++].module = xstrdup("");
	r = object_open(&symbols->objects[0], path);
	if (r < 0) {
		symbols_close(symbols);
		return r;
	}
	*ret = symbols;
	return 0;
}

void symbols_close(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->n; i++) {
		if (symbols->objects[i].dwfl)
			dwfl_end(symbols->objects[i].dwfl);
		free(symbols->objects[i].symbols);
		free(symbols->objects[i].module);
	}
	free(symbols->objects);
	free(symbols->dir);
	free(symbols);
}

/* -- places --------------------------------------------------------------------------- */

/* "foo" and "foo.isra.0", not "foobar". */
static bool is_of_function(const char *symbol, const char *function, size_t n)
{
	return !strncmp(symbol, function, n) && (!symbol[n] || symbol[n] == '.');
}

/* Among functions of one name the size tells which it is. */
static const struct symbol *find_symbol(const struct object *object,
					const struct symbols_query *query)
{
	const struct symbol *best = NULL;
	size_t low = 0, high = object->n, n = strlen(query->function);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(object->symbols[middle].name, query->function) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < object->n && !strncmp(object->symbols[low].name, query->function, n);
	     low++) {
		const struct symbol *symbol = &object->symbols[low];

		if (!is_of_function(symbol->name, query->function, n) ||
		    (symbol->size && query->offset > symbol->size))
			continue;
		if (query->size && symbol->size == query->size)
			return symbol;
		if (!best)
			best = symbol;
	}
	return best;
}

/* Without the directory in which it was built. */
static void set_file(struct symbols_place *place, const char *file, const char *built_in)
{
	size_t n = built_in ? strlen(built_in) : 0;

	if (!file)
		return;
	if (n && !strncmp(file, built_in, n) && file[n] == '/')
		file += n + 1;
	while (!strncmp(file, "./", 2))
		file += 2;
	snprintf(place->file, sizeof(place->file), "%s", file);
}

static Dwarf_Word get_number(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value) != 0)
		return 0;
	return value;
}

static const char *get_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));
}

/* All scopes around an address, innermost first; the caller frees them. */
static int find_scopes(Dwfl_Module *elf, Dwarf_Die *unit, Dwarf_Addr address,
		       Dwarf_Die **ret)
{
	Dwarf_Die *scopes = NULL, inner;
	Dwarf_Addr bias;
	int n = dwarf_getscopes(unit, address, &scopes);

	if (n <= 0)
		return n;
	/* An inlined function's own scopes go on in its source, not in its caller. */
	if (!dwarf_offdie(dwfl_module_getdwarf(elf, &bias), dwarf_dieoffset(&scopes[0]),
			  &inner))
		n = -1;
	free(scopes);
	return n < 0 ? n : dwarf_getscopes_die(&inner, ret);
}

/* ret[0] has the line already. */
static size_t add_scopes(Dwfl_Module *elf, Dwarf_Addr address, const char *file_of_line,
			 struct symbols_place *ret, size_t max)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(elf, address, &bias), *scopes = NULL;
	const char *built_in;
	Dwarf_Files *files = NULL;
	Dwarf_Attribute attr;
	size_t n_files = 0, n = 0;
	int n_scopes;

	if (!unit)
		return 0;
	built_in = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attr));
	set_file(&ret[0], file_of_line, built_in);
	n_scopes = find_scopes(elf, unit, address - bias, &scopes);
	if (dwarf_getsrcfiles(unit, &files, &n_files) != 0)
		n_files = 0;
	for (int i = 0; i < n_scopes && n < max; i++) {
		int tag = dwarf_tag(&scopes[i]);
		const char *name;
		Dwarf_Word file;

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		name = get_name(&scopes[i]);
		snprintf(ret[n].function, sizeof(ret[n].function), "%s",
			 name ? name : "");
		ret[n].inlined = tag == DW_TAG_inlined_subroutine;
		n++;
		if (tag == DW_TAG_subprogram || n == max)
			break;
		/* Where it was called is the line in the next one. */
		ret[n] = (struct symbols_place){ 0 };
		ret[n].line = (unsigned int)get_number(&scopes[i], DW_AT_call_line);
		file = get_number(&scopes[i], DW_AT_call_file);
		if (file < n_files)
			set_file(&ret[n], dwarf_filesrc(files, file, NULL, NULL),
				 built_in);
	}
	free(scopes);
	return n;
}

size_t symbols_find(struct symbols *symbols, const struct symbols_query *query,
		    struct symbols_place *ret, size_t max)
{
	struct object *object = find_object(symbols, query->module);
	const struct symbol *symbol;
	Dwarf_Addr address;
	Dwfl_Line *line;
	int number = 0;
	const char *file = NULL;
	size_t n;

	if (!max || !object->dwfl)
		return 0;
	symbol = find_symbol(object, query);
	if (!symbol)
		return 0;
	address = symbol->address + query->offset;
	if (query->returns && query->offset)
		address--;
	ret[0] = (struct symbols_place){ 0 };
	line = dwfl_module_getsrc(object->elf, address);
	if (line)
		file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	if (!file)
		return 0;
	ret[0].line = (unsigned int)(number > 0 ? number : 0);
	snprintf(ret[0].file, sizeof(ret[0].file), "%s", file);
	n = add_scopes(object->elf, address, file, ret, max);
	if (n)
		return n;
	snprintf(ret[0].function, sizeof(ret[0].function), "%s", query->function);
	return 1;
}

#else

int symbols_open(const char *vmlinux, const char *dir, struct symbols **ret)
{
	(void)vmlinux, (void)dir, (void)ret;
	return -EOPNOTSUPP;
}

void symbols_close(struct symbols *symbols)
{
	(void)symbols;
}

size_t symbols_find(struct symbols *symbols, const struct symbols_query *query,
		    struct symbols_place *ret, size_t max)
{
	(void)symbols, (void)query, (void)ret, (void)max;
	return 0;
}
#endif
