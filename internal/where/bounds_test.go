package where_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/task"
	"taskrecon/internal/where"
)

// users is a list of so many texts.
func users(from, to int) string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("%q", fmt.Sprint("user", i, "@contoso.com")))
	}
	return "[" + strings.Join(names, ",") + "]"
}

// doubling binds so many variables, each to twice the one before.
func doubling(n int, first string) string {
	text := "let a0 = " + first + "; "
	for i := 1; i <= n; i++ {
		text += fmt.Sprintf("let a%d = a%d + a%d; ", i, i-1, i-1)
	}
	return fmt.Sprintf(`%sa%d != ""`, text, n)
}

// nested puts a text between so many beginnings and ends.
func nested(n int, begin, text, end string) string {
	return strings.Repeat(begin, n) + text + strings.Repeat(end, n)
}

const tooLong = "can take too long"

// hostile are expressions that would take hours or all memory without bounds, or are near to what is allowed; with what is
// wrong with them, "" for nothing.
var hostile = map[string]struct{ text, want string }{
	"nested ranges":      {`all(1..9000, all(1..9000, all(1..9000, true)))`, tooLong},
	"range in variable":  {`let a = 1..1000; all(a, all(a, all(a, all(a, true))))`, "a variable holds no list"},
	"range":              {`len(1..1000000000) > 5`, tooLong},
	"range of a task":    {`len(1..managedDeviceCount) > 5`, "a range takes two numbers"},
	"asked for a range":  {`managedDeviceCount in 1..1000000000`, ""},
	"asked for it again": {`any([1], # in 1..1000000000)`, ""},
	"repeat":             {`len(repeat(repeat("x", 1000000), 1000000)) > 1`, "there is no function repeat"},
	"replace":            {`len(replace(description, "", description)) > 1`, "there is no function replace"},
	"split":              {`len(split(description, "")) > 1`, "there is no function split"},
	"JSON":               {`toJSON($env) == ""`, "there is no function toJSON"},
	"reduce":             {`reduce(1..9, #acc + description, "") == ""`, "there is no function reduce"},
	"loop in a pipe":     {`1..9 | map(#) | len() > 1`, "there is no function map"},
	"doubling":           {doubling(40, "description"), tooLong},
	"doubling a text":    {doubling(10, `"`+strings.Repeat("x", 60000)+`"`), tooLong},
	"doubling in a loop": {`any([description+description], len(#+#+#+#+#+#+#+#) > 1)`, ""},
	"doubling in loops":  {`any([description+description], any([#+#+#+#], any([#+#+#+#], any([#+#+#+#], any([#+#+#+#], any([#+#+#+#], len(#+#+#+#) > 1))))))`, tooLong},
	"many texts":         {`len([` + strings.Repeat(`description + description + description,`, 1500) + `""]) == 1`, tooLong},
	"elvis":              {nested(60, "(", `"a"`, ` ?: "b")`) + ` == "a"`, "the expression is too large"},
	"brackets":           {nested(30000, "(", "true", ")"), ""},
	"lists":              {nested(201, "[", "1", "]"), "a list holds texts, numbers and date-times alone"},
	"quoted brackets":    {`description != "` + strings.Repeat("(", 300) + `\"" and id != '` + strings.Repeat("[", 300) + `'`, ""},
	"not":                {strings.Repeat("not ", 16000) + "true", "exceeds maximum allowed nodes"},
	"long list":          {`assignedTo in ` + users(0, 2500), ""},
	"list in a loop":     {`any(keys(intendedSettings), # in ` + users(0, 500) + `)`, ""},
	"loop over a list":   {`any(` + users(0, 1000) + `, lower(description) contains #)`, ""},
	"loop in a loop":     {`any(` + users(0, 200) + `, any(` + users(200, 400) + `, # == description))`, tooLong},
	"equal lists":        {`[1, 2] == [1, 2]`, ""},
	"list in variable":   {`let a = [1]; let b = [a, a]; len(b) == 2`, "a variable holds no list"},
	"shared parts":       {nested(60, "1 < (", "1", ") < 3"), "the expression is too large"},
	"lists of lists":     {"any([[1]], " + nested(40, "any([#,#], ", "[#,#] == [#,#]", ")") + ")", "a list holds"},
	"time zones in loop": {`any(1..40000, now(timezone("Europe/Berlin")) < date("2000-01-01"))`, tooLong},
	"map":                {`len({"a": {"b": 1}}) > 0`, "this has no place"},
	"pattern":            {`description matches "(((((a*)*)*)*)*)b"`, ""},
	"large pattern":      {`description matches "` + strings.Repeat("(a{1000})", 3) + `"`, "the regular expression is too large"},
	"huge pattern":       {`description matches "` + strings.Repeat("(a{1000})", 6000) + `"`, "expression too large"},
	"pattern of a task":  {`description matches displayName`, "matches takes a regular expression in quotes"},
	"long sum":           {`(` + strings.Repeat(`description + `, 300) + `"x") contains "y"`, tooLong},
	"time zones":         {strings.Repeat(`now(timezone("Europe/Berlin")) > dueDateTime and `, 600) + "true", ""},
	"power":              {`2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2 > 1`, ""},
	"branches":           {strings.Repeat(`if true { true } else `, 2000) + "{ true }", ""},
	"comparisons":        {strings.Repeat(`1 < `, 4000) + "2", "exceeds maximum allowed nodes"},
}

// TestHostile: what an expression takes is bounded, before it is compiled and while it runs.
func TestHostile(t *testing.T) {
	long := sampleTask()
	long.Set(task.Description, task.Text(strings.Repeat("description ", 5000)))
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			e, err := where.Compile(c.text)
			if err == nil {
				_, err = e.Match(long)
			}
			if took := time.Since(started); took > 60*time.Second {
				t.Errorf("it took %s", took)
			}
			runtime.ReadMemStats(&after)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 300 {
				t.Errorf("it took %d MiB", took)
			}
			switch {
			case err == nil && c.want != "", err != nil && c.want == "", err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("got %.200v, want %q", err, c.want)
			case err != nil && len(err.Error()) > 600:
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}
