package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

const (
	editIndent  = 4
	leastRoom   = 30  // for a value, however long the name before it is
	mostOfLabel = 200 // characters of a setting's name
)

// side is the text on one side of an arrow.
type side struct {
	text   []rune
	quoted bool
}

func words(s string) side  { return side{text: []rune(s)} }
func quoted(s string) side { return side{text: []rune(s), quoted: true} }

var notSet = words(task.NotSet)

// edits prints each edit as "NAME  BEFORE -> AFTER". Where that is too long for a line the two are printed one above the
// other, cut to the part in which they differ.
func (w Screen) edits(edits []diff.Edit) {
	width := 0
	for _, e := range edits {
		width = max(width, len(e.Property.Name))
	}
	for _, e := range edits {
		lead := fmt.Sprintf("%*s%-*s  ", editIndent, "", width, e.Property.Name)
		if e.Property.Kind == task.Settings {
			if pairs, ok := pairEdits(e); ok {
				w.pairs(lead, pairs)
				continue
			}
		}
		before, after := sidesOf(e)
		if b, a, ok := inLine(len(lead), before, after); ok {
			fmt.Fprintf(w, "%s%s -> %s\n", lead, w.Paint(Red, b), w.Paint(Green, a))
			continue
		}
		b, a := cut(before, after, Width-len(lead))
		fmt.Fprintf(w, "%s%s\n%*s-> %s\n", lead, w.Paint(Red, b), len(lead)-3, "", w.Paint(Green, a))
	}
}

// sidesOf are the two values of an edit, whole.
func sidesOf(e diff.Edit) (before, after side) {
	of := func(v task.Value) side {
		switch {
		case e.Property.Unset(v):
			return notSet
		case e.Property.Kind == task.Settings:
			return quoted(e.Property.Canonical(v)) // so that their order is no difference
		case e.Property.Kind == task.String:
			return quoted(v.String())
		}
		return words(v.String())
	}
	return of(e.Before), of(e.Wanted)
}

// inLine is both sides if "BEFORE -> AFTER" fits into what is left of a line.
func inLine(column int, before, after side) (b, a string, fits bool) {
	room := Width - column
	if len(before.text)+len(after.text) > room {
		return "", "", false // before a long text is written out
	}
	b, a = before.window(0, room), after.window(0, room)
	return b, a, utf8.RuneCountInString(b+" -> "+a) <= room
}

// cut shows of two long texts the part from a little before their first difference, both from the same place on.
func cut(before, after side, room int) (string, string) {
	room = max(room, leastRoom)
	start := 0
	if !before.fits(room) || !after.fits(room) {
		same := 0
		for same < min(len(before.text), len(after.text)) && before.text[same] == after.text[same] {
			same++
		}
		longest := max(len(before.text), len(after.text)) - same
		context := max(room/3, room-longest-4) // less the quotes and the dots
		for start = same; start > 0 && context > 0; start-- {
			if context -= utf8.RuneCountInString(before.escaped(before.text[start-1])); context < 0 {
				break
			}
		}
		if start == 1 {
			start = 0 // the dots would take as much
		}
	}
	return before.window(start, room), after.window(start, room)
}

func (s side) fits(room int) bool {
	return len(s.text) <= room && utf8.RuneCountInString(s.window(0, 1<<20)) <= room
}

// window is the text from a place on, as much as there is room for, with dots for what is left out.
func (s side) window(start, room int) string {
	mark := ""
	if s.quoted {
		mark = `"`
	}
	if start > len(s.text) {
		start = len(s.text)
	}
	var b strings.Builder
	b.WriteString(mark)
	room -= 2 * len(mark)
	if start > 0 {
		b.WriteString("…")
		room--
	}
	for i := start; i < len(s.text); i++ {
		r := s.escaped(s.text[i])
		n := utf8.RuneCountInString(r)
		if last := i == len(s.text)-1; n > room || n == room && !last {
			b.WriteString("…")
			break
		}
		room -= n
		b.WriteString(r)
	}
	return b.String() + mark
}

// escaped is a character so that it takes its own place on the line: in a quoted text a space that is not the plain one is escaped too.
func (s side) escaped(r rune) string {
	if s.quoted {
		q := strconv.Quote(string(r))
		return q[1 : len(q)-1]
	}
	return text.Line(string(r))
}

// pairEdit is what becomes of one name among settings.
type pairEdit struct {
	name          string
	before, after side
}

// pairEdits are the settings that are set, changed or removed, by name. It fails for values that are no lists of pairs.
func pairEdits(e diff.Edit) ([]pairEdit, bool) {
	before, err := task.PairsOf(e.Before)
	if err != nil {
		return nil, false
	}
	after, err := task.PairsOf(e.Wanted)
	if err != nil {
		return nil, false
	}
	was, will := task.ValuesByName(before), task.ValuesByName(after)
	var edits []pairEdit
	seen := map[string]bool{}
	for _, s := range slices.Concat(before, after) {
		if !seen[s.Name] && !slices.Equal(was[s.Name], will[s.Name]) {
			edits = append(edits, pairEdit{s.Name, valuesSide(was[s.Name]), valuesSide(will[s.Name])})
		}
		seen[s.Name] = true
	}
	return edits, len(edits) > 0
}

// valuesSide is the value of a name, or all of them where the name is there several times.
func valuesSide(values []string) side {
	switch len(values) {
	case 0:
		return notSet
	case 1:
		return quoted(values[0])
	}
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = strconv.Quote(v)
	}
	return words(strings.Join(all, " and "))
}

func (w Screen) pairs(lead string, pairs []pairEdit) {
	column := len(lead)
	for i, p := range pairs {
		if i > 0 {
			lead = strings.Repeat(" ", column)
		}
		name := settingName(p.name)
		if b, a, ok := inLine(column+utf8.RuneCountInString(name)+1, p.before, p.after); ok {
			fmt.Fprintf(w, "%s%s %s -> %s\n", lead, name, w.Paint(Red, b), w.Paint(Green, a))
			continue
		}
		b, a := cut(p.before, p.after, Width-column-3)
		fmt.Fprintf(w, "%s%s\n%*s%s\n%*s-> %s\n", lead, name, column+3, "", w.Paint(Red, b), column, "", w.Paint(Green, a))
	}
}

// settingName is a name as it is, or in quotes where its end would not be clear.
func settingName(name string) string {
	s := words(name)
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || r == '"' || !strconv.IsPrint(r) }) {
		s.quoted = true
	}
	return s.window(0, mostOfLabel)
}
