package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

var exported = base.Source{Tenant: "t", Cloud: "sandbox", At: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC), Zone: "UTC"}

// baseOfTest is a base of tasks a and b, and of what the test sets in a.
func baseOfTest(set func(*task.Task)) []base.Row {
	a := &task.Task{ID: "a", Type: task.ODataType}
	a.Set(task.Status, task.Text("active"))
	a.Set(task.Priority, task.Text("none"))
	a.Set(task.DisplayName, task.Text("Patch it"))
	if set != nil {
		set(a)
	}
	return []base.Row{{Base: task.BaseOf(a)}, {Base: task.BaseOf(&task.Task{ID: "b", Type: task.ODataType})}}
}

// readBased reads a CSV text in which BASE stands for the id of a base that lies beside it.
func readBased(t *testing.T, text string, rows []base.Row, o ingest.Options) (*ingest.Input, error) {
	t.Helper()
	id, lines, err := base.Encode(rows, exported)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tasks.csv")
	if err := os.WriteFile(base.Path(path), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "BASE", id)), 0o600); err != nil {
		t.Fatal(err)
	}
	return ingest.Read(path, o)
}

func wishWords(d task.Desired) string {
	var words []string
	for w := range d.Assignments() {
		name := w.Property.Name
		if w.Pair != "" {
			name += "." + w.Pair
		}
		words = append(words, name+"="+w.Value.String())
	}
	return strings.Join(words, " ")
}

func TestRowsWithBase(t *testing.T) {
	for _, tt := range []struct{ name, text, wishes, problem string }{
		{"unedited", "id,status,displayName,taskrecon base\na,active,Patch it,BASE\n", "", ""},
		{"other case and form", "id,status,displayName,taskrecon base\nA, ACTIVE ,Patch it,BASE\n", "", ""},
		{"one edit", "id,status,displayName,taskrecon base\na,pending,Patch it,BASE\n", "status=pending", ""},
		{"blank leaves alone", "id,status,displayName,taskrecon base\na,active,,BASE\n", "", ""},
		{"cleared", "id,status,displayName,taskrecon base\na,active,<clear>,BASE\n", "displayName=", ""},
		{"no base in the row", "id,status,displayName,taskrecon base\na,active,Patch it,\n", "displayName=Patch it status=active", ""},
		{"no base column", "id,status,displayName\na,active,Patch it\n", "displayName=Patch it status=active", ""},
		{"another id", "id,status,displayName,taskrecon base\nc,active,Patch it,BASE\n", "", "the id is not among"},
		{"a column that was not exported", "id,status,intendedSettings.A,taskrecon base\na,active,1,BASE\n", "intendedSettings.A=1", ""},
		{"a formula guard comes off", "id,status,displayName,taskrecon base\na,active,'=1+1,BASE\n", "displayName==1+1", ""},
		{"a wrong edit", "id,status,displayName,taskrecon base\na,actve,Patch it,BASE\n", "", `did you mean "active"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, err := readBased(t, tt.text, baseOfTest(nil), ingest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, p := range in.Problems {
				problems = append(problems, p.Message)
			}
			got := strings.Join(problems, "; ")
			if tt.problem == "" && got != "" || !strings.Contains(got, tt.problem) {
				t.Fatalf("problems %q, want %q", got, tt.problem)
			}
			if words := wishWords(in.Rows[0].Desired); tt.problem == "" && words != tt.wishes {
				t.Errorf("wishes %q, want %q", words, tt.wishes)
			}
		})
	}
}

// What the report hands back as input must ask for no more than the row did.
func TestUnchangedCellsAreBlank(t *testing.T) {
	in, err := readBased(t, "id,status,displayName,taskrecon base\na,pending,Patch it,BASE\n", baseOfTest(nil), ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(in.Rows[0].Desired.Cells(), "|"); got != "a|pending||" {
		t.Errorf("cells %q", got)
	}
}

func TestLostCharacters(t *testing.T) {
	rows := baseOfTest(func(a *task.Task) {
		a.Set(task.DisplayName, task.Text("bell \x07"))
		a.Set(task.Description, task.Text(strings.Repeat("x", 40000)))
	})
	shown, whole := base.Show(task.Description, task.Text(strings.Repeat("x", 40000)), true)
	if whole || len(shown) > base.MaxCellText {
		t.Fatalf("40,000 characters are shown as %d, whole: %v", len(shown), whole)
	}
	in, err := readBased(t, "id,displayName,description,taskrecon base\na,bell "+base.Lost+","+shown+",BASE\n", rows, ingest.Options{})
	if err != nil || len(in.Problems) > 0 || asks(&in.Rows[0].Desired) {
		t.Fatalf("unedited: %v, %v, %q", err, in.Problems, wishWords(in.Rows[0].Desired))
	}
	in, err = readBased(t, "id,displayName,taskrecon base\na,Bell "+base.Lost+",BASE\n", rows, ingest.Options{})
	if err != nil || len(in.Problems) != 1 || !strings.Contains(in.Problems[0].Message, "what a sheet cannot hold") {
		t.Fatalf("an edit of half a text: %v, %v", err, in.Problems)
	}
}

func TestBaseIsRefused(t *testing.T) {
	rows := baseOfTest(nil)
	const text = "id,status,taskrecon base\na,active,BASE\n"
	write := func(t *testing.T, change func(lines []string) []string) error {
		id, lines, err := base.Encode(rows, exported)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "tasks.csv")
		if lines = change(lines); lines != nil {
			if err := os.WriteFile(base.Path(path), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "BASE", id)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = ingest.Read(path, ingest.Options{})
		return err
	}
	for name, tt := range map[string]struct {
		change func([]string) []string
		want   string
	}{
		"whole":     {func(l []string) []string { return l }, ""},
		"not there": {func([]string) []string { return nil }, "neither in the file nor beside it"},
		"edited":    {func(l []string) []string { l[1] = strings.Replace(l[1], "active", "pending", 1); return l }, "changed or damaged"},
		"cut":       {func(l []string) []string { return l[:2] }, "changed or damaged"},
		"of another": {func([]string) []string {
			_, l, _ := base.Encode(rows[:1], exported)
			return l
		}, "keep the rows of different exports apart"},
		"a newer format": {func(l []string) []string { l[0] = strings.Replace(l[0], `Base":2`, `Base":9`, 1); return l }, "does not read"},
	} {
		t.Run(name, func(t *testing.T) {
			err := write(t, tt.change)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	t.Run("zone", func(t *testing.T) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		_, err = readBased(t, text, rows, ingest.Options{Format: task.Format{Zone: berlin}})
		if err == nil || !strings.Contains(err.Error(), "leave --timezone Europe/Berlin out") {
			t.Error(err)
		}
	})
}

// Rows that a report hands back have a blank base: that nothing guards them any more is said.
func TestRowsWithoutTheirBaseAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"id,status,taskrecon base\na,pending,\nb,active\n":        `2 rows have nothing under "taskrecon base": every value in them is asked for, and nothing shows what somebody else has changed since; go through the plan, or edit a fresh export`,
		"id,status,taskrecon base\na,pending,BASE\nb,active,\n":   `1 row has nothing under "taskrecon base": every value in it is asked for`,
		"id,status,taskrecon base\na,pending,BASE\nb,,\n":         "",
		"id,status,taskrecon base\na,pending,BASE\n":              "",
		"id,status\na,pending\n":                                  "",
		"id,status,taskrecon base\n":                              "",
		"id,status,taskrecon base\na,active,BASE\nb,,BASE\nc,,\n": "",
	} {
		in, err := readBased(t, text, baseOfTest(nil), ingest.Options{})
		must(t, err)
		got := strings.Join(in.Notices, "\n")
		if !strings.Contains(got, want) || want == "" && strings.Contains(got, "nothing under") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTwoColumnsOfBases(t *testing.T) {
	in, err := readBased(t, "id,status,taskrecon base,Taskrecon Base\na,pending,BASE,\n", baseOfTest(nil), ingest.Options{})
	must(t, err)
	if got := messages(in); in.HeaderProblems != 1 || !strings.Contains(got, "taskrecon base has two columns, C and D; keep one of them") {
		t.Errorf("%q", got)
	}
}
