package ingest

import (
	"strings"
	"unicode/utf16"

	"taskrecon/internal/task"
)

// lost stands in a sheet for what no sheet can hold. Where a value was shown with it, a text that still has it is refused.
const (
	lost    = "\uFFFD"
	cutHere = lost + "… (cut: too long for a cell)"
)

// sheetText is the text by which a sheet made for editing shows a value, and whether that is all of it. A
// value that is not set is shown as a blank cell. In CSV, text that a spreadsheet would take for a formula has an apostrophe before it.
func sheetText(p *task.Property, v task.Value, csv bool) (text string, whole bool) {
	if p.Unset(v) {
		return "", true
	}
	text = v.String()
	if p.Kind == task.Settings {
		text = settingsText(v)
	}
	whole = true
	if strings.ContainsFunc(text, unwritable) {
		whole = false
		text = strings.Map(func(r rune) rune {
			if unwritable(r) {
				return '\uFFFD'
			}
			return r
		}, text)
	}
	if csv && guarded(p) {
		text = guard(text)
	}
	if len(text) > maxCellText {
		if units := utf16.Encode([]rune(text)); len(units) > maxCellText {
			keep := maxCellText - 100
			if utf16.IsSurrogate(rune(units[keep-1])) && units[keep-1] < 0xdc00 {
				keep--
			}
			text, whole = string(utf16.Decode(units[:keep]))+cutHere, false
		}
	}
	return text, whole
}

// CanAsk reports whether a sheet can ask for a value in the place of the base's, in either format: not so for null where a
// property is not nullable, nor for a text that no cell can hold or that would show as the base does.
func CanAsk(p *task.Property, base, wanted task.Value) bool {
	for _, csv := range []bool{false, true} {
		text, ok := wishText(p, wanted, csv)
		if !ok || hiddenBehind(p, base, text, csv) != "" {
			return false
		}
	}
	return true
}

// wishText is the text of a cell that asks for a value; ok is false where no cell can ask for it.
func wishText(p *task.Property, v task.Value, csv bool) (text string, ok bool) {
	if p.Unset(v) && p.Kind != task.DateTime {
		return task.Clear, p.Clearable()
	}
	text, whole := sheetText(p, v, csv)
	if p.Unset(v) {
		text = v.String() // the service's own "no date", which a sheet shows as a blank
	}
	plain := text
	if csv && guarded(p) {
		plain = unguard(text)
	}
	if !whole || blank(plain) {
		return text, false
	}
	read, err := understood(plain, match{property: p}, task.Format{})
	return text, err == nil && p.Equal(read, v)
}

// understood is the value that a text cell of a column would be read as; null where the column is of no property that is sent.
func understood(text string, m match, f task.Format) (task.Value, error) {
	text, err := newBuilder(&Input{}, Options{Format: f}).cellText(cell{text: text}, m, 1, 1)
	if err != nil || m.property == nil || !m.property.Writable || m.pair != "" {
		return task.Null, err
	}
	return m.property.ParseCell(text, f)
}

// hiddenBehind says why a wish's text, beside what the sheet shows of the base, would not be taken for an edit; "" where it is.
func hiddenBehind(p *task.Property, base task.Value, text string, csv bool) string {
	switch shown, whole := sheetText(p, base, csv); {
	case sameText(shown, text):
		return "the cell would show what it shows of the value that the task has"
	case !whole && strings.Contains(text, lost):
		return errLost.Error()
	}
	return ""
}

// settingsText shows settings as name=value lines where these read again as what they are, else as JSON.
func settingsText(v task.Value) string {
	pairs, err := task.PairsOf(v)
	if err != nil {
		return v.String()
	}
	lines := make([]string, len(pairs))
	for i, s := range pairs {
		lines[i] = s.Name + "="
		if s.Value != nil {
			lines[i] += *s.Value
		}
	}
	text := strings.Join(lines, "\n")
	read, err := task.ParseSettings(text)
	if err != nil || blank(text) || strings.Contains(text, "\r") || !task.IntendedSettings.Equal(read, v) {
		return v.String()
	}
	return text
}

// guarded reports whether values of p are foreign text, which CSV must keep from being a formula.
func guarded(p *task.Property) bool { return p.Kind == task.String || p.Kind == task.Settings }

// formulaAhead reports whether a spreadsheet would take a CSV cell for a formula, apostrophes before it left aside.
func formulaAhead(text string) bool {
	rest := strings.TrimLeft(text, "'")
	return rest != "" && strings.ContainsRune("=+-@\t\r", rune(rest[0]))
}

func guard(text string) string {
	if formulaAhead(text) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if strings.HasPrefix(text, "'") && formulaAhead(text) {
		return text[1:]
	}
	return text
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// sameText compares what a sheet showed with what it shows now. Line ends do not count: programs that save sheets change them.
func sameText(a, b string) bool { return a == b || lineEnds.Replace(a) == lineEnds.Replace(b) }
