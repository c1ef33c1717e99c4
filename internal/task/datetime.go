package task

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tick is the resolution at which the service keeps date-times (Edm.DateTimeOffset, seven digits).
const Tick = 100 * time.Nanosecond

// FormatTime writes an instant as RFC 3339 in UTC with as many fractional digits as it needs, at most seven; more are cut off.
func FormatTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.9999999Z07:00")
}

var rfc3339 = pattern(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,7})?([Zz]|[+-]\d\d:\d\d)$`)

// inRange reports whether the service's type can hold the instant: the years 1 to 9999 in UTC.
func inRange(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

// ParseTime reads RFC 3339 with at most seven fractional digits and an offset of at most 14 hours, in the years 1 to 9999 of UTC.
func ParseTime(s string) (time.Time, error) {
	if !rfc3339().MatchString(s) {
		return time.Time{}, fmt.Errorf("%q is not an RFC 3339 date-time with at most 7 fractional digits", clip(s))
	}
	if at := strings.LastIndexAny(s, "+-"); at > len("2006-01-02") && (s[at+1:] > "14:00" || s[at+4:] > "59") {
		return time.Time{}, fmt.Errorf("%q has the offset %s; offsets reach from -14:00 to +14:00", s, s[at:])
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date-time that exists", s)
	}
	if !inRange(t) {
		return time.Time{}, fmt.Errorf("%q is outside the years 1 to 9999 in UTC", s)
	}
	return t, nil
}

// DateOrder says in which order the parts of an all-digit date with "/", "." or "-" come.
type DateOrder string

// The orders that --date-order takes; the zero value refuses such dates as ambiguous.
const (
	OrderNone DateOrder = ""
	OrderDMY  DateOrder = "dmy"
	OrderMDY  DateOrder = "mdy"
	OrderYMD  DateOrder = "ymd"
)

// Format is how the cells of one file are to be understood. The zero value is UTC and no date order.
type Format struct {
	Zone  *time.Location // of date-times that carry no offset; nil is UTC
	Order DateOrder
}

func (f Format) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

var (
	clocks  = []string{"", " 15:04", " 15:04:05", " 3:04 PM", " 3:04:05 PM"}
	local   = pattern(`^(\d{4}-\d\d-\d\d)(?:[ Tt](\d{1,2}:\d\d(?::\d\d(?:\.\d{1,7})?)?) ?([AaPp][Mm])?)?$`)
	numeric = pattern(`^(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:,? +(\d{1,2}:\d\d(?::\d\d)?) ?([AaPp][Mm])?)?$`)
	spaced  = pattern(`^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d.*(?:[Zz]|[+-]\d\d:\d\d))$`) // as PowerShell's -Format u
)

// ParseTime reads a date-time as a person writes it in a cell: RFC 3339, also with a space in place of the T, 2006-01-02 with or
// without a time of day, or numbers with slashes, dots or dashes, where the Order or the numbers themselves leave one reading. A
// local time that does not exist in the zone, or exists twice (daylight saving), is an error, not a guess.
func (f Format) ParseTime(s string) (time.Time, error) {
	s = spaced().ReplaceAllString(s, "${1}T$2")
	if rfc3339().MatchString(s) {
		return ParseTime(s)
	}
	if m := local().FindStringSubmatch(s); m != nil {
		if t, ok := wallClock(m[1], m[2], m[3]); ok {
			return f.InZone(t)
		}
		return time.Time{}, fmt.Errorf("%q is not a date-time that exists", s)
	}
	if m := numeric().FindStringSubmatch(s); m != nil {
		return f.numericTime(s, m)
	}
	return time.Time{}, fmt.Errorf("%q is not a date-time; write it such as 2026-12-24, 2026-12-24 17:30 or 2026-12-24T17:30:00Z", clip(s))
}

// wallClock reads a date with dashes, a time of day, and AM or PM; the last two may be empty.
func wallClock(date, clock, half string) (time.Time, bool) {
	text := strings.TrimSpace(date + " " + clock)
	if half != "" {
		text += " " + strings.ToUpper(half)
	}
	for _, layout := range clocks {
		if t, err := time.Parse("2006-1-2"+layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// numericTime reads a date of three numbers, in the order asked for or else in the only one that makes a date of them.
func (f Format) numericTime(s string, m []string) (time.Time, error) {
	orders := []DateOrder{f.Order}
	if f.Order == OrderNone {
		orders = []DateOrder{OrderDMY, OrderMDY, OrderYMD}
	}
	var found []time.Time
	short := false // the year
	for _, order := range orders {
		part := map[byte]string{order[0]: m[1], order[1]: m[2], order[2]: m[3]}
		year := part['y']
		if len(year) == 2 {
			year = "20" + year
		}
		t, ok := wallClock(year+"-"+part['m']+"-"+part['d'], m[4], m[5])
		if ok && !slices.ContainsFunc(found, t.Equal) {
			found, short = append(found, t), len(part['y']) != 4
		}
	}
	switch {
	case len(found) > 1:
		return time.Time{}, fmt.Errorf("%q is ambiguous, such as %s or %s; write it so, or say --date-order dmy, mdy or ymd",
			s, found[0].Format(time.DateOnly), found[1].Format(time.DateOnly))
	case len(found) == 0 && f.Order == OrderNone:
		return time.Time{}, fmt.Errorf("%q is not a date-time that exists; write it such as 2026-12-24", s)
	case len(found) == 0:
		return time.Time{}, fmt.Errorf("%q does not read as a date in the order %s; write it such as 2026-12-24", s, f.Order)
	case short:
		return time.Time{}, fmt.Errorf("%q has a year of two digits; write %s", s, found[0].Format(time.DateOnly))
	}
	return f.InZone(found[0])
}

// InZone takes the wall clock of t (whatever its location) as a local time of the format's zone. A wall clock that the zone skips
// or shows twice is an error, and so is an instant outside the years 1 to 9999 of UTC.
func (f Format) InZone(t time.Time) (time.Time, error) {
	wall := func(u time.Time) string { return u.Format("2006-01-02T15:04:05.999999999") }
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), f.zone())
	if wall(local) != wall(t) {
		return time.Time{}, fmt.Errorf("%q does not exist in %s (clocks go forward); write it with its offset", wall(t), f.zone())
	}
	if existsTwice(local) {
		return time.Time{}, fmt.Errorf("%q exists twice in %s (clocks go back); write it with its offset", wall(t), f.zone())
	}
	if !inRange(local) {
		return time.Time{}, fmt.Errorf("%q is outside the years 1 to 9999 in UTC", wall(t))
	}
	return local, nil
}

// existsTwice reports whether the wall clock of t shows another time too, under the offset that holds before
// the change of clocks that precedes t, or after the one that follows.
func existsTwice(t time.Time) bool {
	_, offset := t.Zone()
	under := func(other int) time.Time { return t.Add(time.Duration(offset-other) * time.Second) }
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		if _, before := start.Add(-1).Zone(); under(before).Before(start) {
			return true
		}
	}
	if !end.IsZero() {
		if _, after := end.Zone(); !under(after).Before(end) {
			return true
		}
	}
	return false
}
