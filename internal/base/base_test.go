package base

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/task"
)

var source = Source{Tenant: "contoso", Cloud: "global", At: time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC), Zone: "Europe/Berlin"}

func rowOf(id string, p *task.Property, v task.Value) Row {
	b := &task.Base{ID: id}
	b.Set(p, v)
	return Row{Base: b}
}

func TestLinesReadAgain(t *testing.T) {
	for _, text := range []string{
		"", "plain", "a\r\nb\x00", "Füße 🙂 \u202e", "_x0041_", `"quoted" \ <b>`, strings.Repeat("ü", 50000), `,"found":{"status":"x"}`,
	} {
		in := []Row{rowOf("A-1", task.Insights, task.Text(text)), rowOf("b", task.Description, task.Null)}
		in[1].Read, in[1].Closes = source.At.Add(time.Hour), source.At.Add(2*time.Hour)
		in[1].Found, in[1].Wanted = rowOf("", task.Description, task.Text(text)).Base, rowOf("", task.Description, task.Text("w")).Base
		id, lines, err := Encode(in, source)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Contains(line, "_x") {
				t.Errorf("%.60q is not plain", line)
			}
		}
		b, err := Decode(lines)
		if err != nil || b.ID != id || b.Zone.String() != "Europe/Berlin" || !b.Source.At.Equal(source.At.Truncate(time.Millisecond)) {
			t.Fatalf("%.20q: %+v, %v", text, b, err)
		}
		first, ok := b.Row("a-1")
		if v, known := first.Get(task.Insights); !ok || !known || v.String() != text || first.ID != "A-1" || first.Found != nil || !first.Read.Equal(b.Source.At) {
			t.Errorf("%.20q became %.20q, %v", text, v, first.Base)
		}
		second, ok := b.Row("B")
		v, known := second.Get(task.Description)
		found, _ := second.Found.Get(task.Description)
		wanted, _ := second.Wanted.Get(task.Description)
		if !ok || !known || !v.IsNull() || found.String() != text || wanted.String() != "w" {
			t.Errorf("%.20q became %v, %.20q, %q", text, v, found, wanted)
		}
		if _, other := second.Found.Get(task.Insights); other || !second.Read.Equal(in[1].Read) || !second.Closes.Equal(in[1].Closes) {
			t.Errorf("%+v", second)
		}
		if _, ok := b.Row("c"); ok {
			t.Error("a task that the base does not know")
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	rows := []Row{rowOf("a", task.Status, task.Text("active")), rowOf("b", task.Status, task.Text("active"))}
	_, whole, err := Encode(rows, source)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(l []string) []string
		want   string
	}{
		"whole":           {func(l []string) []string { return l }, ""},
		"nothing":         {func([]string) []string { return nil }, "changed or damaged"},
		"a letter":        {func(l []string) []string { l[2] = strings.Replace(l[2], "active", "Active", 1); return l }, "changed or damaged"},
		"a line less":     {func(l []string) []string { return l[:2] }, "changed or damaged"},
		"a line more":     {func(l []string) []string { return append(l, l[1]) }, "changed or damaged"},
		"another order":   {func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "changed or damaged"},
		"another header":  {func(l []string) []string { l[0] = strings.Replace(l[0], "contoso", "fabrikam", 1); return l }, "changed or damaged"},
		"no header":       {func(l []string) []string { return l[1:] }, "format 0"},
		"an older format": {func(l []string) []string { l[0] = strings.Replace(l[0], `Base":2`, `Base":1`, 1); return l }, "of format 1, which this version does not read (2)"},
	} {
		_, err := Decode(c.change(append([]string(nil), whole...)))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, lines, _ := Encode(rows, Source{Zone: "Nowhere/Else"}); lines != nil {
		if _, err := Decode(lines); err == nil || !strings.Contains(err.Error(), `the time zone "Nowhere/Else"`) {
			t.Error(err)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := Path(filepath.Join(t.TempDir(), "tasks.csv"))
	if b, err := ReadFile(path); b != nil || err != nil {
		t.Errorf("none: %v, %v", b, err)
	}
	id, lines, err := Encode([]Row{rowOf("a", task.Status, task.Text("active"))}, Source{Tenant: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\r\n")+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadFile(path); err != nil || b.ID != id || b.Zone != nil {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestTextsThatAreNoFormulas(t *testing.T) {
	for _, text := range []string{"a", "=1", "+1", "-1", "@x", "'=1", "''=1", "'a", "'", "\tx", "\rx"} {
		shown, whole := Show(task.Insights, task.Text(text), true)
		if got := Unguard(task.Insights, shown); got != text || !whole {
			t.Errorf("%q became %q", text, got)
		}
		if strings.ContainsAny(shown[:1], "=+-@\t\r") {
			t.Errorf("%q is shown as %q in a CSV", text, shown)
		}
	}
}
