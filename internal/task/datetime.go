package task

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Tick is the resolution at which the service keeps date-times (Edm.DateTimeOffset, seven digits).
const Tick = 100 * time.Nanosecond

// FormatTime writes an instant as RFC 3339 in UTC with as many fractional digits as it needs, at most seven; more are cut off.
func FormatTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.9999999Z07:00")
}

var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,7})?([Zz]|[+-]\d\d:\d\d)$`)

// inRange reports whether the service's type can hold the instant: the years 1 to 9999 in UTC.
func inRange(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

// ParseTime reads RFC 3339 with at most seven fractional digits and any offset, in the years 1 to 9999 of UTC.
func ParseTime(s string) (time.Time, error) {
	if !rfc3339.MatchString(s) {
		return time.Time{}, fmt.Errorf("%q is not an RFC 3339 date-time with at most 7 fractional digits", clip(s))
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

// DateOrder says in which order the parts of an all-digit date with "/", "." or "-" stand.
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
	localTime  = []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}
	looksLocal = regexp.MustCompile(`^\d{4}-\d\d-\d\d([ T]\d{1,2}:\d\d(:\d\d(\.\d{1,7})?)?)?$`)
	numeric    = regexp.MustCompile(`^(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[ T](\d{1,2}:\d\d(?::\d\d)?))?$`)
)

// ParseTime reads a date-time as a person writes it in a cell: RFC 3339, 2006-01-02,
// 2006-01-02 15:04[:05], or, with an Order, numbers with slashes, dots or dashes. A local time that does not
// exist in the zone, or exists twice (daylight saving), is an error, not a guess.
func (f Format) ParseTime(s string) (time.Time, error) {
	if rfc3339.MatchString(s) {
		return ParseTime(s)
	}
	if looksLocal.MatchString(s) {
		for _, layout := range localTime {
			if t, err := time.Parse(layout, s); err == nil {
				return f.InZone(t)
			}
		}
		return time.Time{}, fmt.Errorf("%q is not a date-time that exists", s)
	}
	if m := numeric.FindStringSubmatch(s); m != nil {
		return f.numericTime(s, m)
	}
	return time.Time{}, fmt.Errorf("%q is not a date-time; write 2006-01-02, 2006-01-02 15:04 or RFC 3339 such as 2006-01-02T15:04:05Z", clip(s))
}

func (f Format) numericTime(s string, m []string) (time.Time, error) {
	if f.Order == OrderNone {
		return time.Time{}, fmt.Errorf("%q is ambiguous; write it as 2006-01-02 or say --date-order dmy, mdy or ymd", s)
	}
	part := map[byte]string{f.Order[0]: m[1], f.Order[1]: m[2], f.Order[2]: m[3]}
	if len(part['y']) != 4 {
		return time.Time{}, fmt.Errorf("%q does not read as a date in the order %s with a four-digit year", s, f.Order)
	}
	layout, text := "2006-1-2", part['y']+"-"+part['m']+"-"+part['d']
	if m[4] != "" {
		layout, text = layout+" 15:04", text+" "+m[4]
		if strings.Count(m[4], ":") == 2 {
			layout += ":05"
		}
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q does not read as a date in the order %s", s, f.Order)
	}
	return f.InZone(t)
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
