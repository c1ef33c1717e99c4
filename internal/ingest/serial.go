package ingest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const msPerDay = 24 * 60 * 60 * 1000

// serialTime converts a spreadsheet's day number to the wall clock that the sheet shows (as UTC, to
// be taken into a zone by the caller). It rounds to the millisecond, which is about what the number carries.
//
//	1900 system  1 is 1900-01-01, 59 is 02-28, 60 the 29 February that never was, 61 is 03-01
//	1904 system  0 is 1904-01-01
func serialTime(text string, date1904 bool) (time.Time, error) {
	serial, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(serial) {
		return time.Time{}, fmt.Errorf("%q is not a day number", clip(text))
	}
	first, last, base := 1.0, 2958466.0, time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if date1904 {
		last, base = last-1462, time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	switch {
	case serial < 0:
		return time.Time{}, fmt.Errorf("%q is a negative day number, not a date", clip(text))
	case serial < first:
		return time.Time{}, fmt.Errorf("%q is a time of day without a date", clip(text))
	case serial >= last:
		return time.Time{}, fmt.Errorf("%q is a day number after the year 9999", clip(text))
	}
	ms := int64(math.Round(serial * msPerDay))
	if day := ms / msPerDay; !date1904 && day == 60 {
		return time.Time{}, fmt.Errorf("%q is 29 February 1900, a day that did not exist", clip(text))
	} else if !date1904 && day < 60 {
		base = base.AddDate(0, 0, 1)
	}
	t := base.AddDate(0, 0, int(ms/msPerDay)).Add(time.Duration(ms%msPerDay) * time.Millisecond)
	if t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%q is a day number after the year 9999", clip(text))
	}
	return t, nil
}

// localText writes a wall clock as the input accepts it again.
func localText(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05.999")
}
