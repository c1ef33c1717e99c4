package where

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/expr-lang/expr/file"

	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// fault is what is wrong with an expression, and the place of it.
type fault struct {
	words string
	at    int // in runes from the start of the text; negative where there is no place
}

// shown is the most characters of a line that a message shows on either side of the place.
const shown = 60

// placed is an error whose further lines point into the expression.
type placed []string

func (p placed) Error() string { return strings.Join(p, "\n") }

// Lines are the error, line by line.
func (p placed) Lines() []string { return p }

// show makes an error of the fault that points into the text.
func (f fault) show(text string) error {
	if f.at < 0 {
		return errors.New(f.words)
	}
	runes := []rune(text)
	at := min(f.at, len(runes))
	start, line := 0, 1
	for i, r := range runes[:at] {
		if r == '\n' {
			start, line = i+1, line+1
		}
	}
	end := at
	for end < len(runes) && runes[end] != '\n' {
		end++
	}
	where := ""
	if strings.Contains(strings.TrimSpace(text), "\n") {
		where = fmt.Sprintf(" (line %d)", line)
	}
	before, after := runes[start:at], runes[at:end]
	if len(before) > shown {
		before = append([]rune("…"), before[len(before)-shown:]...)
	}
	if len(after) > shown {
		after = append(after[:shown:shown], '…')
	}
	return placed{f.words + where, " | " + oneLine(before) + oneLine(after), " | " + strings.Repeat(".", len(before)) + "^"}
}

// oneLine keeps a place in a line where it is: every character takes one column, and none moves the cursor.
func oneLine(runes []rune) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, string(runes))
}

// faultOf puts an error of expr into words of our own where there are better ones.
func faultOf(err error, text string) fault {
	var e *file.Error
	if !errors.As(err, &e) {
		return fault{words: reword(firstLine(err)), at: -1}
	}
	message := firstLine(e.Message)
	f := fault{words: reword(message), at: e.From}
	if m := unknownName().FindStringSubmatch(message); m != nil && isCall(text, e.To) {
		f.words = fmt.Sprintf("there is no function %.80q", m[1])
	}
	if message == "unexpected token EOF" || message == "unexpected end of expression" {
		f.at = len([]rune(strings.TrimRightFunc(text, unicode.IsSpace)))
	}
	return f
}

// isCall reports whether a bracket opens at or behind the place, which is the end of a name.
func isCall(text string, at int) bool {
	runes := []rune(text)
	return strings.HasPrefix(strings.TrimSpace(string(runes[min(at, len(runes)):])), "(")
}

var (
	unknownName = pattern(`^unknown name (.+)$`)
	unexpected  = pattern(`^unexpected token \w+\("(.*)"\)$`)
	mismatched  = pattern(`^invalid operation: (.+) \(mismatched types (.+) and (.+)\)$`)
	unary       = pattern(`^invalid operation: (.+) \(mismatched type (.+)\)$`)
	argument    = pattern(`^cannot use (.+) as argument \(type (.+)\) to call (\w+) *$`)
	noField     = pattern(`^type (.+) has no field (.+)$`)
	notBool     = pattern(`^expected bool, but got (.+)$`)
)

// pattern is a regular expression that is compiled when it is first used: most runs need none of these.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// slips are tokens of other languages.
var slips = map[string]string{
	"=": `; write == to compare`, "<>": `; write !=`, "AND": `; write and`, "OR": `; write or`, "NOT": `; write not`,
	"IN": `; write in`, "LIKE": `; write contains, startsWith, endsWith or matches`, "like": `; write contains, startsWith, endsWith or matches`,
	"is": `; write ==`, "IS": `; write ==`,
}

func reword(message string) string {
	if m := unknownName().FindStringSubmatch(message); m != nil {
		return noName(m[1])
	}
	if m := unexpected().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%.80q is not expected here%s", m[1], slips[m[1]])
	}
	if m := unary().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s does not go with %s; what it is for may need brackets, such as not (a == b)", m[1], typeWords(m[2]))
	}
	if m := argument().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s takes %s here, not %s", m[3], typeWords(m[2]), typeWords(m[1]))
	}
	if m := noField().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s has no part %.80q", typeWords(m[1]), m[2])
	}
	if m := mismatched().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s does not go with %s and %s", m[1], typeWords(m[2]), typeWords(m[3]))
	}
	if m := notBool().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf(`the expression gives %s, not true or false; compare it, such as with == ""`, typeWords(m[1]))
	}
	switch message {
	case "unexpected token EOF", "unexpected end of expression":
		return "the expression ends too early"
	case "literal not terminated":
		return "the text in quotes has no end"
	case "compilation failed: expression exceeds maximum allowed nodes":
		return "the expression is too large"
	case "memory budget exceeded":
		return "the expression takes too much memory"
	}
	return text.Clip(message, 300)
}

// noName says that a name is unknown and what it may have been meant for.
func noName(name string) string {
	for _, n := range names() {
		if task.FoldName(n) == task.FoldName(name) {
			return fmt.Sprintf("there is no property %.80q; write %s, upper and lower case count here", name, n)
		}
	}
	if near, ok := task.Nearest(name, names()); ok {
		return fmt.Sprintf("there is no property %.80q; did you mean %s?", name, near)
	}
	for _, p := range task.All() {
		if m, ok := p.Member(name); ok {
			return fmt.Sprintf("there is no property %.80q; write %q in quotes for the %s", name, m, p.Enum)
		}
	}
	return fmt.Sprintf("there is no property %.80q; write text in quotes, and properties as %s", name, strings.Join(names(), ", "))
}

// typeWords is what people call a type of Go.
func typeWords(name string) string {
	switch name {
	case "string":
		return "a text"
	case "int":
		return "a whole number"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "time.Time":
		return "a date-time"
	case "time.Duration":
		return "a duration"
	case "map[string]string":
		return "intendedSettings"
	}
	return name
}
