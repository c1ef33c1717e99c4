package ingest

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"taskrecon/internal/task"
)

// oddSpace is what comes along when text is pasted from web pages and mails, and is not seen: no-break
// spaces and characters without width. The two joiners are not among it, since scripts and emoji need them.
func oddSpace(r rune) bool {
	switch r {
	case '\u00a0', '\u2007', '\u202f', '\u00ad', '\u180e', '\u200b', '\u200e', '\u200f', '\u2060', '\ufeff':
		return true
	}
	return false
}

// The remarks on cells that were repaired, or kept though they look odd. %s is the column's name.
const (
	remarkTrimmed = "%s: white space or characters that are not seen were removed"
	remarkBraces  = "%s: braces around the id were removed"
	remarkKept    = "%s: no-break spaces or zero-width characters were kept as they are"
	remarkDigits  = "%s: a number cell was read as its digits; leading zeros, if there were any, are lost"
	remarkMangled = "%s: the text looks like a number that a spreadsheet has rounded, and was kept"
	remarkQuotes  = "%s: typographic quotes were read as straight ones"
)

// remark is a notice about several cells of a column.
type remark struct {
	form, column string
	cells        []string
	more         int
}

// remark notes that something about the cell of a row was repaired or is odd. The notice is made at the end.
func (b *builder) remark(form string, m match, row, column int) {
	b.remarked++
	key := [2]string{form, m.name()}
	r := b.remarks[key]
	if r == nil {
		r = &remark{form: form, column: m.name()}
		b.remarks[key] = r
		b.remarkOrder = append(b.remarkOrder, r)
	}
	if len(r.cells) == 10 {
		r.more++
		return
	}
	r.cells = append(r.cells, b.problem(row, column, "").Cell)
}

func (b *builder) noticeRemarks() {
	for _, r := range b.remarkOrder {
		where := strings.Join(r.cells, ", ")
		if b.in.Sheet == "" {
			where = strings.Join(r.cells, "; ")
		}
		if r.more > 0 {
			where += fmt.Sprintf(" and %d more", r.more)
		}
		b.notice(fmt.Sprintf(r.form, r.column) + " (" + where + ")")
	}
}

// repair gives the text of a cell in a column of the task as it is to be understood. What changes in
// it, and what stays though it looks odd, is remarked on.
func (b *builder) repair(text string, m match, row, column int) (string, error) {
	odd := strings.ContainsFunc(text, oddSpace)
	trimmed := trim(text)
	switch {
	case m.id:
		if bare := bareID(text); bare != trimmed {
			b.remark(remarkBraces, m, row, column)
			trimmed = bare
		} else if trimmed != text {
			b.remark(remarkTrimmed, m, row, column)
		}
		return trimmed, nil
	case m.pair == "" && m.property.OneLine():
		if m.property.Kind != task.String {
			trimmed = trim(strings.Map(visible, trimmed))
		}
		if trimmed != text {
			b.remark(remarkTrimmed, m, row, column)
		}
		text, odd = trimmed, strings.ContainsFunc(trimmed, oddSpace)
	}
	if m.pair == "" && m.property.Kind == task.Settings {
		straight, err := b.straighten(text, m, row, column)
		if err != nil {
			return text, err
		}
		text = straight
	}
	if odd {
		b.remark(remarkKept, m, row, column)
	}
	if mangled(strings.TrimSpace(text)) {
		b.remark(remarkMangled, m, row, column)
	}
	return text, nil
}

// trim takes away what is not seen at the ends of a text.
func trim(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || oddSpace(r) })
}

// bareID is an id without what is not seen at its ends, and without the braces that some programs write around it.
func bareID(text string) string {
	text = trim(text)
	if id, braced := strings.CutPrefix(text, "{"); braced && strings.HasSuffix(id, "}") {
		return trim(strings.TrimSuffix(id, "}"))
	}
	return text
}

func visible(r rune) rune {
	switch {
	case !oddSpace(r):
		return r
	case unicode.IsSpace(r):
		return ' '
	}
	return -1
}

var straightQuotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "″", `"`, "＂", `"`)

// straighten replaces the quotes around the names and values of a JSON text where that is what keeps
// it from being JSON. Text that is JSON already may hold such quotes as it likes.
func (b *builder) straighten(text string, m match, row, column int) (string, error) {
	straight := straightQuotes.Replace(text)
	if straight == text || !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return text, nil
	}
	if _, err := task.ParseSettings(text); err == nil {
		return text, nil
	}
	if _, err := task.ParseSettings(straight); err != nil {
		return text, errors.New(m.name() + ": the JSON has typographic quotes, and even with straight ones it cannot be read; write it with straight quotes (\")")
	}
	b.remark(remarkQuotes, m, row, column)
	return straight, nil
}
