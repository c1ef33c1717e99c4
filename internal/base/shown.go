package base

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"taskrecon/internal/task"
)

// MaxCellText is how many UTF-16 units the text of a workbook's cell holds.
const MaxCellText = 32767

// Lost replaces in a sheet what no sheet can hold. Where a value was shown with it, an edited text that still has it is refused.
const Lost = "\uFFFD"

// CutHere ends the text of a value that is too long for a cell.
const CutHere = Lost + "… (cut: too long for a cell)"

// Show is the text by which a sheet made for editing shows a value, and whether that is all of it. A value that is not set is
// shown as a blank cell. In CSV, text that a spreadsheet would take for a formula has an apostrophe before it.
func Show(p *task.Property, v task.Value, csv bool) (text string, whole bool) {
	if p.Unset(v) {
		return "", true
	}
	text = v.String()
	if p.Kind == task.Settings {
		text = settingsText(v)
	}
	whole = !strings.ContainsFunc(text, Unwritable)
	if !whole {
		text = strings.Map(func(r rune) rune {
			if Unwritable(r) {
				return unicode.ReplacementChar
			}
			return r
		}, text)
	}
	if csv && foreign(p) && formulaAhead(text) {
		text = "'" + text
	}
	if len(text) > MaxCellText {
		if units := utf16.Encode([]rune(text)); len(units) > MaxCellText {
			keep := MaxCellText - 100
			if utf16.IsSurrogate(rune(units[keep-1])) && units[keep-1] < 0xdc00 {
				keep--
			}
			text, whole = string(utf16.Decode(units[:keep]))+CutHere, false
		}
	}
	return text, whole
}

// Unguard takes away the apostrophe that Show puts before a text of p in CSV.
func Unguard(p *task.Property, text string) string {
	if rest, guarded := strings.CutPrefix(text, "'"); guarded && foreign(p) && formulaAhead(text) {
		return rest
	}
	return text
}

// Wall is the wall clock in a zone, to the second and as UTC, that the date cell of a workbook shows of a date-time. ok is false for what is
// none, and where a date cell cannot show it: the calendar of workbooks errs before 1901, and after 4000 the 15 digits that they keep are
// too few for a second.
func Wall(v task.Value, zone *time.Location) (wall time.Time, ok bool) {
	t, err := task.ParseTime(v.String())
	if err != nil {
		return t, false
	}
	local := t.In(cmp.Or(zone, time.UTC))
	wall = time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	return wall, 1901 <= wall.Year() && wall.Year() <= 4000
}

// SameText compares what a sheet showed with what it shows now. Line ends do not count: programs that save sheets change them.
func SameText(a, b string) bool { return a == b || lineEnds.Replace(a) == lineEnds.Replace(b) }

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Unwritable reports whether a workbook cannot hold r as it is.
func Unwritable(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
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
	if err != nil || strings.TrimSpace(text) == "" || strings.Contains(text, "\r") || !task.IntendedSettings.Equal(read, v) {
		return v.String()
	}
	return text
}

// foreign reports whether values of p are other people's text, which CSV must keep from being a formula.
func foreign(p *task.Property) bool { return p.Kind == task.String || p.Kind == task.Settings }

// formulaAhead reports whether a spreadsheet would take a CSV cell for a formula, apostrophes before it left aside.
func formulaAhead(text string) bool {
	rest := strings.TrimLeft(text, "'")
	return rest != "" && strings.ContainsRune("=+-@\t\r", rune(rest[0]))
}
