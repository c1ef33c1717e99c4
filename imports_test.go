package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the floors of ARCHITECTURE.md: which packages of the project each package may import. A package below another is named
// where its imports differ.
var mayImport = map[string][]string{
	"atomicfile": {},
	"exit":       {},
	"text":       {},
	"sshsig":     {},
	"task":       {},
	"xlsx":       {},
	"base":       {"task"},
	"ingest":     {"base", "xlsx", "task"},
	"diff":       {"task"},
	"graph":      {"task"},
	"sandbox":    {"atomicfile", "task"},
	"where":      {"task"},
	"batch":      {"diff", "graph", "task"},
	"ledger":     {"diff", "sshsig", "task", "atomicfile"},
	"report":     {"xlsx", "ledger", "diff", "task"},
	"export":     {"ingest", "base", "ledger", "diff", "xlsx", "atomicfile", "task"},
	"runs":       {"report/render", "ledger", "diff"},
	"job":        {"runs", "base", "atomicfile", "sshsig", "report", "report/render", "export", "ledger", "batch", "diff", "graph", "ingest", "sandbox", "where", "task"},
	"edit":       {"export", "task"},
	"secret":     {},
	"settings":   {"secret", "task"},
	"screen":     {"batch", "diff", "task"},
	"doctor":     {"job", "graph", "task"},
	"probe":      {"secret", "atomicfile", "batch", "diff", "graph", "task"},
	"notify":     {"atomicfile", "job", "graph", "diff", "task"},
	"cli":        {"runs", "screen", "secret", "settings", "base", "atomicfile", "sshsig", "notify", "edit", "doctor", "probe", "job", "report", "report/render", "report/verify", "export", "ledger", "batch", "diff", "graph", "ingest", "sandbox", "where", "task"},

	"report/workbook": {"report", "base", "xlsx", "ledger", "diff", "task"},
	"report/page":     {"report", "ledger", "diff", "task"},
	"report/render":   {"report", "report/workbook", "report/page", "atomicfile", "ledger"},
	"report/verify":   {"report", "report/workbook", "xlsx", "ledger"},

	"simulation": {}, // tests only
	"main":       {"cli"},
}

// forAll is what every package may import.
var forAll = []string{"exit", "text"}

// onlyIn names the packages that may import a library whose use is confined.
var onlyIn = map[string][]string{
	"github.com/urfave/cli/v2": {"cli"},

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity":    {"graph"},
	"github.com/Azure/azure-sdk-for-go/sdk/azcore":        {"graph"},
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud":  {"graph"},
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy": {"graph"},

	"go.yaml.in/yaml/v4":                          {"settings"},
	"github.com/go-json-experiment/json":          {"task", "graph"},
	"github.com/go-json-experiment/json/jsontext": {"task", "graph", "ledger"},
	"github.com/expr-lang/expr":                   {"where"},
	"github.com/rs/zerolog":                       {"cli"},
	"github.com/xuri/excelize/v2":                 {"xlsx", "export", "report"},
	"github.com/richardlehane/mscfb":              {"xlsx"},
	"golang.org/x/sync/errgroup":                  {"batch", "graph", "probe"},
	"net/http":                                    {"graph", "sandbox", "batch", "notify", "probe"},
	"os/signal":                                   {"cli"},
}

// forbiddenInDiff keeps the planner pure.
var forbiddenInDiff = []string{"context", "io", "log", "os", "net", "math/rand"}

func TestFloors(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir // a module of its own
			}
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		checkImports(t, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < len(mayImport) {
		t.Fatalf("only %d files were seen", files)
	}
}

func checkImports(t *testing.T, path string) {
	t.Helper()
	pkg := "main"
	if rest, ok := strings.CutPrefix(path, "internal/"); ok {
		pkg, _, _ = strings.Cut(rest, "/")
		if dir := filepath.ToSlash(filepath.Dir(rest)); mayImport[dir] != nil {
			pkg = dir
		}
	}
	allowed, known := mayImport[pkg]
	if !known {
		t.Errorf("%s: package %s has no floor; give it one in mayImport and ARCHITECTURE.md, or another home", path, pkg)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if own, ok := strings.CutPrefix(imported, "taskrecon/internal/"); ok && !slices.Contains(append(allowed, forAll...), own) {
			t.Errorf("%s imports %s, which is not on a floor below %s", path, own, pkg)
		}
		house, _, _ := strings.Cut(pkg, "/")
		if homes, confined := onlyIn[imported]; confined && !slices.Contains(homes, house) {
			t.Errorf("%s imports %s, which only %v may", path, imported, homes)
		}
		if pkg == "diff" && slices.Contains(forbiddenInDiff, imported) {
			t.Errorf("%s imports %s; the planner is pure", path, imported)
		}
	}
}
