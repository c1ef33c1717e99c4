package where_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"taskrecon/internal/task"
	"taskrecon/internal/where"
)

// sampleTask is active and due on 30 November 2026.
func sampleTask() *task.Task {
	t := &task.Task{ID: "ab-1", Type: task.ODataType}
	t.Set(task.DisplayName, task.Text("Größe prüfen"))
	t.Set(task.Status, task.Text("active"))
	t.Set(task.Priority, task.Text("high"))
	t.Set(task.Category, task.Text("AdvancedThreatProtection"))
	t.Set(task.AssignedTo, task.Text("Amy@example.com"))
	t.Set(task.DueDateTime, task.Text("2026-11-30T10:00:00Z"))
	t.Set(task.CreatedDateTime, task.Text("0001-01-01T00:00:00Z"))
	t.Set(task.ManagedDeviceCount, task.Text("12"))
	one, two := "1", "2"
	t.Set(task.IntendedSettings, task.SettingsValue([]task.Setting{{Name: "a b", Value: &one}, {Name: "a b", Value: &two}, {Name: "n"}}))
	return t
}

func TestMatch(t *testing.T) {
	cases := []struct {
		text string
		want bool
	}{
		{`id == "ab-1"`, true},
		{`status == "active" and priority != "low"`, true},
		{`status in ["pending", "completed"]`, false},
		{`status not in ["pending", "completed"]`, true},
		{`lower(assignedTo) == "amy@example.com"`, true},
		{`displayName contains "prüfen" && displayName startsWith "Grö"`, true},
		{`displayName matches "^G.*n$"`, true},
		{`description == "" and creator == ""`, true},
		{`dueDateTime < date("2026-12-01")`, true},
		{`dueDateTime == date("2026-11-30T11:00:00+01:00")`, true},
		{`dueDateTime - duration("48h") > date("2026-11-29")`, false},
		{`createdDateTime.IsZero() and createdDateTime == date("0001-01-01")`, true},
		{`now() > dueDateTime or true`, true},
		{`managedDeviceCount >= 12 and managedDeviceCount in 10..20`, true},
		{`intendedSettings["a b"] == "2"`, true},
		{`intendedSettings.n == "" and intendedSettings.missing == ""`, true},
		{`"n" in intendedSettings and not ("missing" in intendedSettings)`, true},
		{`any(["amy", "bob"], lower(assignedTo) startsWith #)`, true},
		{`let who = lower(assignedTo); who endsWith "example.com"`, true},
		{"status == \"active\"\n  and priority == \"low\"", false},
		{`$env["status"] == "active"`, true},
		{`assignedTo == "AMY@example.com" and "amy@EXAMPLE.com" == assignedTo and assignedTo != "amy"`, true}, // addresses
		{`assignedTo != "AMY@example.com" or assignedTo not in ["x", "AMY@Example.com"]`, false},
		{`assignedTo in ["x", "AMY@Example.com"] and assignedTo startsWith "amy" and assignedTo endsWith "Example.COM"`, true},
		{`assignedTo == creator or displayName == "größe prüfen"`, false},
		{`any(["AMY@example.com"], assignedTo == #)`, true},
		{`"none" == "None" or status != creatorNotes`, true},
		{`category == "advancedThreatProtection"`, true}, // which the service spells in another case
	}
	for _, c := range cases {
		e, err := where.Compile(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := e.Match(sampleTask()); got != c.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

// TestNotSet: createdDateTime is not set, in one way or the other, and dueDateTime is.
func TestNotSet(t *testing.T) {
	const unset, set = "createdDateTime", "dueDateTime"
	cases := []struct {
		text string
		want bool
	}{
		{unset + ` == nil`, true},
		{`nil != ` + unset, false},
		{set + ` == nil`, false},
		{set + ` != nil`, true},
		{unset + ` in [nil, date("2026-12-01")]`, true},
		{unset + ` not in [nil]`, false},
		{set + ` in [nil, date("2026-12-01")]`, false},
		{unset + ` < date("2026-12-01")`, false},
		{unset + ` <= date("2026-12-01")`, false},
		{unset + ` > date("2026-12-01")`, false},
		{unset + ` >= date("2026-12-01")`, false},
		{unset + ` == date("2026-12-01")`, false},
		{unset + ` != date("2026-12-01")`, true},
		{`now() > ` + unset, false},
		{unset + ` <= ` + unset, false},
		{unset + ` < ` + set + ` or ` + unset + ` > ` + set, false},
		{`date("0001-01-01") < ` + unset + ` < date("2026-12-01")`, false},
		{`not (` + unset + ` < now())`, true},
		{unset + `.Before(now()) or ` + unset + `.After(date("0001-01-01"))`, false},
		{set + `.Before(date("2026-12-01")) and ` + set + `.After(date("2026-11-01"))`, true},
		{unset + ` + duration("24h") < now()`, false},
		{`duration("24h") + ` + unset + ` - duration("1h") < now()`, false},
		{unset + ` + duration("24h") == nil`, true},
		{`now() - ` + unset + ` > duration("24h")`, false},
		{`now() - ` + unset + ` + duration("1h") < duration("24h")`, false},
		{`now() - ` + unset + ` == nil`, true},
		{`(now() - ` + unset + `).Hours() > 24`, false},
		{`date("2026-12-01") - ` + set + ` < duration("24h") + duration("1h")`, true},
		{set + ` - duration("24h") + duration("1h") < date("2026-11-30")`, true},
		{`(` + unset + ` ?? date("2026-12-01")) == date("2026-12-01")`, true},
		{`(` + set + ` ?? date("2026-12-01")) < date("2026-12-01")`, true},
		{`$env["` + unset + `"] < now()`, false},
		{`$env["` + set + `"] < date("2026-12-01")`, true},
		{`any([` + unset + `, ` + set + `], # > date("2026-12-01"))`, false},
		{`all([` + unset + `], # == nil)`, true},
		{`let d = ` + unset + `; d < now() or d >= now()`, false},
		{`(true ? ` + unset + ` : now()) <= now()`, false},
		{`duration("1h")` + strings.Repeat(` + duration("1h")`, 200) + ` < now() - date("2020-01-01")`, true},
		{`$env["status"] < $env["priority"]`, true},
	}
	null := sampleTask()
	null.Set(task.CreatedDateTime, task.Null)
	for _, c := range cases {
		e, err := where.Compile(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for i, of := range []*task.Task{sampleTask(), null} {
			if got, err := e.Match(of); got != c.want || err != nil {
				t.Errorf("%s: %v, %v; want %v (task %d)", c.text, got, err, c.want, i)
			}
		}
	}
}

func TestCompileErrors(t *testing.T) {
	cases := []struct{ text, want string }{ // the first line
		{"", `the expression is empty; write one such as status == "active"`},
		{" \n", `the expression is empty; write one such as status == "active"`},
		{"true" + strings.Repeat(" ", 64<<10), "the expression has 65540 bytes; at most 65536 are allowed"},
		{"id == \"\xff\"", "the expression is not UTF-8 text"},
		{`status == "actve"`, `status has no member "actve"; did you mean "active"? (unknown, pending, active, completed, rejected) (1:11)`},
		{`id == "ü" and "Active" != status`, `status has no member "Active"; write "active", upper and lower case count here (unknown, pending, active, completed, rejected) (1:15)`},
		{`priority not in ["high", "middle"]`, `priority has no member "middle" (none, high, low) (1:26)`},
		{`dueDateTime < "2026-12-24"`, `dueDateTime is a date-time and "2026-12-24" is a text; write date("2026-12-01") (1:15)`},
		{`"soon" >= dueDateTime`, `dueDateTime is a date-time and "soon" is a text; write date("2026-12-01") (1:1)`},
		{`dueDateTime < date("24.12.2026")`, `invalid date 24.12.2026; write 2026-12-01 or 2026-12-01T15:04:05Z, or give date its layout too (1:20)`},
		{`managedDeviceCount > "5"`, `managedDeviceCount is a whole number and "5" is a text; write a number such as 12, without quotes (1:22)`},
		{`statsu == "active"`, `unknown name statsu; did you mean status? (1:1)`},
		{`AssignedTo == "x"`, `unknown name AssignedTo; write assignedTo, upper and lower case count here (1:1)`},
		{`status == active`, `unknown name active; write "active" in quotes for the status (1:11)`},
		{`id == xyzzy`, `unknown name xyzzy (1:7)`},
		{`status = "active"`, `unexpected token Operator("=") (1:8)`},
		{`status == `, `unexpected token EOF (1:10)`},
		{`displayName > 5`, `invalid operation: > (mismatched types string and int) (1:13)`},
		{`dueDateTime < displayName`, `invalid operation: < (mismatched types time.Time and string) (1:13)`},
		{`now() - dueDateTime > 5`, `invalid operation: > (mismatched types time.Duration and int) (1:21)`},
		{`displayName ?? " <"("a", "b")`, `unexpected token Bracket("(") (1:20)`},
		{`lower(5) == "x"`, `cannot use int as argument (type string) to call lower  (1:7)`},
		{`displayName`, `expected bool, but got string`},
		{strings.Repeat("true and ", 60) + "x" + strings.Repeat(" and true", 30), `unknown name x (1:541)`},
	}
	for _, c := range cases {
		_, err := where.Compile(c.text)
		if err == nil {
			t.Errorf("%q: no error", c.text)
		} else if line, _, _ := strings.Cut(err.Error(), "\n"); line != c.want || len(err.Error()) > 600 {
			t.Errorf("%q:\n%v\nwant\n%s", c.text, err, c.want)
		}
	}
}

func TestPlace(t *testing.T) {
	_, err := where.Compile("status == \"active\"\n\tand priority == \"middle\"")
	var own interface{ Lines() []string }
	want := "priority has no member \"middle\" (none, high, low) (2:18)\n |  and priority == \"middle\"\n | .................^"
	if !errors.As(err, &own) || strings.Join(own.Lines(), "\n") != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

func TestTooLarge(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 64<<10), strings.Repeat("!", 64<<10-4) + "true", strings.Repeat("true and ", 7000) + "true",
		strings.Repeat("[", 30000) + strings.Repeat("]", 30000), strings.Repeat("true ? ", 9000),
	} {
		if _, err := where.Compile(text); err == nil {
			t.Errorf("%.20q…: no error", text)
		} else if len(err.Error()) > 600 {
			t.Errorf("%.20q…: the error has %d bytes", text, len(err.Error()))
		}
	}
}

func TestMatchErrors(t *testing.T) {
	cases := []struct{ text, want string }{
		{`managedDeviceCount > 5`, `task ab-1: managedDeviceCount "1e99" is not an Int32; the expression cannot use it`},
		{
			`date(id) < now()`, `task ab-1: invalid date ab-1 (1:1)
 | date(id) < now()
 | ^`,
		},
	}
	bad := sampleTask()
	bad.Set(task.ManagedDeviceCount, task.Text("1e99"))
	for _, c := range cases {
		e, err := where.Compile(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := e.Match(bad); err == nil || err.Error() != c.want || got {
			t.Errorf("%s: %v, %v\nwant\n%s", c.text, got, err, c.want)
		}
	}
	e, err := where.Compile(`status == "active"`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Match(bad); !got || err != nil {
		t.Errorf("a count that is not used: %v, %v", got, err)
	}
}

func TestMatchNull(t *testing.T) {
	e, err := where.Compile(`managedDeviceCount == 0 and dueDateTime.IsZero() and assignedTo == "" and len(intendedSettings) == 0`)
	if err != nil {
		t.Fatal(err)
	}
	null := &task.Task{ID: "x", Type: task.ODataType}
	if got, err := e.Match(null); !got || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	null.Set(task.DueDateTime, task.Text("whenever"))
	if got, err := e.Match(null); !got || err != nil {
		t.Errorf("no date-time: %v, %v", got, err)
	}
}

func TestConcurrent(t *testing.T) {
	e, err := where.Compile(`any(["amy", "bob"], lower(assignedTo) startsWith #) and displayName matches "p.*n"`)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				if got, err := e.Match(sampleTask()); !got || err != nil {
					t.Errorf("%v, %v", got, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`status == "active" and dueDateTime < date("2026-12-01")`, `status in ["actve"]`, `intendedSettings["a"] == "" ?? id`,
		`let x = lower(id); x matches "["`, `any([1, 2], # > managedDeviceCount)`, "a\n\t=", `$env.status`, `id[1:] | len() > 1`, `((`, `"\u00`,
		`managedDeviceCount % 0 == 1`, `id matches displayName`, `now() - dueDateTime + duration("1h") < nil ?? dueDateTime`,
		`dueDateTime in [nil] and $env.dueDateTime >= createdDateTime`,
	} {
		f.Add(seed)
	}
	t := sampleTask()
	f.Fuzz(func(_ *testing.T, text string) {
		e, err := where.Compile(text)
		if err != nil {
			return
		}
		_, _ = e.Match(t)
		_, _ = e.Match(&task.Task{ID: "null"})
	})
}
