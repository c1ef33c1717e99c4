package ingest

import (
	"fmt"
	"regexp"
	"strings"

	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// cellText gives a cell that is not blank as text that the input accepts again, and says what keeps
// it from being understood in its column.
func (b *builder) cellText(c cell, m match, row, column int) (string, error) {
	if len(c.text) > maxCellSize {
		return "", fmt.Errorf("the cell holds %d bytes; at most %d are read", len(c.text), maxCellSize)
	}
	switch {
	case m.id && c.kind == xlsx.Number:
		id := strings.TrimSpace(c.text)
		return id, fmt.Errorf("the id %q is a number cell, and a spreadsheet rounds numbers; enter it as text", clip(id))
	case !m.text():
		return b.ownText(c), nil
	case c.kind == xlsx.Number:
		text, err := b.numberText(c, m)
		if err == nil && textual(m) {
			b.remark(remarkDigits, m, row, column)
		}
		return text, err
	}
	if err := notValue(c, m.name()); err != nil {
		return strings.TrimSpace(c.text), err
	}
	text, err := b.repair(c.text, m, row, column)
	switch {
	case err != nil:
		return text, err
	case m.id:
		return text, checkID(text)
	}
	return text, checkText(text, m.name())
}

// textual reports whether any text is a value of the column.
func textual(m match) bool {
	return m.pair != "" || m.property != nil && m.property.Kind == task.String
}

// ownText is a cell of the user's own column: whatever it holds, a date in a form that reads again.
func (b *builder) ownText(c cell) string {
	switch {
	case c.kind == xlsx.Bool && c.text == "1":
		return "TRUE"
	case c.kind == xlsx.Bool:
		return "FALSE"
	case c.kind == xlsx.Number && c.format == xlsx.DateFormat:
		if t, err := serialTime(c.text, b.date1904); err == nil {
			return localText(t)
		}
	}
	return c.text
}

// numberText is a number cell in the column of a property.
func (b *builder) numberText(c cell, m match) (string, error) {
	switch p := m.property; {
	case p.Kind == task.DateTime && c.format == xlsx.DateFormat:
		local, err := serialTime(c.text, b.date1904)
		if err != nil {
			return c.text, fmt.Errorf("%s %w", p.Name, err)
		}
		t, err := b.format.InZone(local)
		if err != nil {
			return localText(local), fmt.Errorf("%s %w", p.Name, err)
		}
		return task.FormatTime(t), nil
	case p.Kind == task.DateTime:
		return c.text, fmt.Errorf("%s %q is a number, not a date cell; format the cell as a date, or write a text such as 2026-12-24", p.Name, clip(c.text))
	case c.format == xlsx.DateFormat:
		return b.ownText(c), fmt.Errorf("%s is a date cell; enter it as text", m.name())
	case textual(m) && c.formula && trim(c.text) == "0":
		return c.text, fmt.Errorf("%s is the 0 of a formula that found a blank cell; let the formula give a text, such as =X&\"\", or enter the value itself", m.name())
	case textual(m) && (c.format != xlsx.PlainFormat || !plainNumber(c.text)):
		return c.text, fmt.Errorf("%s is the number %q, which the sheet may show in another form; enter it as text", m.name(), clip(c.text))
	}
	return c.text, nil
}

var plainDigits = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

// plainNumber reports whether a number reads the same in the file and on the screen: plain digits,
// not more of them than a spreadsheet keeps.
func plainNumber(s string) bool {
	const kept = 15
	return plainDigits.MatchString(s) && len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(s), "0")) <= kept
}
