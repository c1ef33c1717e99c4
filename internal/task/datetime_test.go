package task

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestParseTime(t *testing.T) {
	good := map[string]string{
		"2026-01-02T03:04:05Z":              "2026-01-02T03:04:05Z",
		"2026-01-02t03:04:05z":              "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.1234567Z":      "2026-01-02T03:04:05.1234567Z",
		"2026-01-02T03:04:05.0000001+00:00": "2026-01-02T03:04:05.0000001Z",
		"2026-01-02T03:04:05.5000000Z":      "2026-01-02T03:04:05.5Z",
		"2026-01-01T23:04:05-04:00":         "2026-01-02T03:04:05Z",
		"2026-01-02T08:49:05+05:45":         "2026-01-02T03:04:05Z",
		"2024-02-29T00:00:00Z":              "2024-02-29T00:00:00Z",
		"0001-01-01T00:00:00Z":              "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.9999999Z":      "9999-12-31T23:59:59.9999999Z",
	}
	for in, want := range good {
		got, err := ParseTime(in)
		if err != nil || FormatTime(got) != want {
			t.Errorf("ParseTime(%q) = %s, %v; want %s", in, FormatTime(got), err, want)
		}
	}
	const form, exists, years = "is not an RFC 3339 date-time with at most 7 fractional digits", "is not a date-time that exists", "is outside the years 1 to 9999 in UTC"
	const offset = "; offsets reach from -14:00 to +14:00"
	bad := map[string]string{
		"2026-01-02T03:04:05.12345678Z": form, "2026-01-02T03:04:05,5Z": form, "2026-01-02T03:04:05.Z": form, "2026-01-02T03:04:05": form,
		"2026-01-02T03:04Z": form, "2026-01-02 03:04:05Z": form, "2026-1-2T03:04:05Z": form, "2026-01-02T03:04:05+0100": form, "": form,
		"2026-02-30T00:00:00Z": exists, "2025-02-29T00:00:00Z": exists, "2026-13-01T00:00:00Z": exists, "2026-01-02T24:00:00Z": exists,
		"2026-01-02T03:60:00Z": exists, "2026-06-30T23:59:60Z": exists,
		"2026-01-02T03:04:05+00:99": offset, "2026-01-02T03:04:05+24:00": offset, "2026-01-02T03:04:05-14:01": offset, "2026-01-02T03:04:05+99:00": offset,
		"9999-12-31T23:59:59-01:00": years, "0001-01-01T00:00:00+01:00": years, "0000-06-01T00:00:00Z": years,
	}
	for in, words := range bad {
		if _, err := ParseTime(in); err == nil || !strings.HasSuffix(err.Error(), words) || !strings.Contains(err.Error(), in) {
			t.Errorf("ParseTime(%q): error %v; want that it %s", in, err, words)
		}
	}
}

func TestFormatTimeCutsBelowTick(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)
	if got := FormatTime(at); got != "2026-01-02T03:04:05.1234567Z" {
		t.Errorf("FormatTime = %s", got)
	}
}

func TestDateTimesAreEqualAsInstants(t *testing.T) {
	read := func(s string) Value {
		v, err := DueDateTime.FromWire([]byte(`"` + s + `"`))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	base := read("2026-01-02T03:04:05.1Z")
	for s, want := range map[string]bool{
		"2026-01-02T03:04:05.1000000Z": true, "2026-01-02T04:04:05.1+01:00": true, "2026-01-01T19:04:05.1000000-08:00": true,
		"2026-01-02T03:04:05.1000001Z": false, "2026-01-02T03:04:05Z": false, "2026-01-02T03:04:05.1+01:00": false,
	} {
		if got := DueDateTime.Equal(base, read(s)); got != want {
			t.Errorf("%s equal to %s: %t; want %t", s, base, got, want)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestFormatParseTimeInZone(t *testing.T) {
	const gap, twice, years = "does not exist in", "exists twice in", "outside the years"
	cases := []struct{ zone, in, want, err string }{
		{"UTC", "2026-03-04", "2026-03-04T00:00:00Z", ""},
		{"UTC", "2026-03-04 15:04", "2026-03-04T15:04:00Z", ""},
		{"UTC", "2026-03-04 9:30", "2026-03-04T09:30:00Z", ""},
		{"UTC", "2026-03-04T15:04:05", "2026-03-04T15:04:05Z", ""},
		{"UTC", "2026-03-04 15:04:05.1234567", "2026-03-04T15:04:05.1234567Z", ""},
		{"UTC", "2026-03-04 15:04:05.12345678", "", "is not a date-time; write"},
		{"UTC", "2026-03-04 25:04", "", "is not a date-time that exists"},
		{"UTC", "2026-3-4", "2026-03-04T00:00:00Z", ""},
		{"UTC", "2026-03-04 17:00:00Z", "2026-03-04T17:00:00Z", ""}, // PowerShell's -Format u
		{"Europe/Berlin", "2026-03-04 17:00:00.5+05:45", "2026-03-04T11:15:00.5Z", ""},
		{"Europe/Berlin", "2026-03-04 5:00 pm", "2026-03-04T16:00:00Z", ""},
		{"UTC", "2026-03-04 17:00 PM", "", "is not a date-time that exists"},
		{"Asia/Kathmandu", "2026-03-04 15:04", "2026-03-04T09:19:00Z", ""},
		{"Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z", ""},
		{"Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z", ""}, // its own offset counts
		{"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z", ""},
		{"Europe/Berlin", "2026-03-29 02:00", "", gap + " Europe/Berlin"},
		{"Europe/Berlin", "2026-03-29 02:59:59.9999999", "", gap},
		{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", ""},
		{"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z", ""},
		{"Europe/Berlin", "2026-10-25 02:00", "", twice + " Europe/Berlin"},
		{"Europe/Berlin", "2026-10-25 02:59:59", "", twice},
		{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", ""},
		{"Europe/Berlin", "2026-10-25 04:00", "2026-10-25T03:00:00Z", ""},
		{"America/New_York", "2026-03-08 02:30", "", gap},
		{"America/New_York", "2026-11-01 01:30", "", twice},
		{"Australia/Lord_Howe", "2026-04-05 01:45", "", twice}, // half an hour
		{"Australia/Lord_Howe", "2026-04-05 01:15", "2026-04-04T14:15:00Z", ""},
		{"Antarctica/Troll", "2026-10-25 01:30", "", twice}, // two hours
		{"Antarctica/Troll", "2026-10-25 02:30", "", twice},
		{"Antarctica/Troll", "2026-10-25 03:00", "2026-10-25T03:00:00Z", ""},
		{"Pacific/Apia", "2011-12-30 12:00", "", gap}, // a whole day
		{"Africa/Cairo", "2026-04-24", "", gap},       // at midnight
		{"Asia/Tokyo", "0001-01-01", "", years},
		{"America/New_York", "9999-12-31 23:00", "", years},
	}
	for _, c := range cases {
		got, err := Format{Zone: zone(t, c.zone)}.ParseTime(c.in)
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s in %s = %s, %v; want an error with %q", c.in, c.zone, FormatTime(got), err, c.err)
		case c.err == "" && (err != nil || FormatTime(got) != c.want):
			t.Errorf("%s in %s = %s, %v; want %s", c.in, c.zone, FormatTime(got), err, c.want)
		}
	}
	if got, err := (Format{}).ParseTime("2026-03-04 12:00"); err != nil || FormatTime(got) != "2026-03-04T12:00:00Z" {
		t.Errorf("without a zone: %s, %v; want UTC", FormatTime(got), err)
	}
}

func TestFormatParseTimeByOrder(t *testing.T) {
	const ambiguous, reads, year = "is ambiguous", "does not read as a date in the order", "has a year of two digits; write "
	cases := []struct {
		order         DateOrder
		in, want, err string
	}{
		{OrderNone, "03/04/2026", "", ambiguous},
		{OrderNone, "25/12/2026", "2026-12-25T00:00:00Z", ""}, // one reading
		{OrderNone, "24.12.2026 17:30", "2026-12-24T17:30:00Z", ""},
		{OrderNone, "05/05/2026", "2026-05-05T00:00:00Z", ""},
		{OrderNone, "12/24/26", "", year + "2026-12-24"},
		{OrderNone, "03/04/05", "", ambiguous},
		{OrderNone, "30/02/2026", "", "is not a date-time that exists; write it such as 2026-12-24"},
		{OrderMDY, "12/1/2026 5:00:00 PM", "2026-12-01T17:00:00Z", ""},
		{OrderMDY, "12/1/2026, 12:00 am", "2026-12-01T00:00:00Z", ""},
		{OrderDMY, "03/04/2026", "2026-04-03T00:00:00Z", ""},
		{OrderMDY, "03/04/2026", "2026-03-04T00:00:00Z", ""},
		{OrderYMD, "2026/03/04", "2026-03-04T00:00:00Z", ""},
		{OrderDMY, "3.4.2026 9:05", "2026-04-03T09:05:00Z", ""},
		{OrderDMY, "3-4-2026 9:05:07", "2026-04-03T09:05:07Z", ""},
		{OrderMDY, "2026-03-04", "2026-03-04T00:00:00Z", ""}, // ISO stays ISO
		{OrderMDY, "25/12/2026", "", reads + " mdy"},
		{OrderDMY, "30/02/2026", "", reads + " dmy"},
		{OrderDMY, "03/04/26", "", year + "2026-04-03"},
		{OrderDMY, "2026/03/04", "", reads},
		{OrderYMD, "03/04/2026", "", reads},
		{OrderDMY, "03/04/2026 24:00", "", reads},
		{OrderDMY, "03/04/2026 12:00 PM", "2026-04-03T12:00:00Z", ""},
	}
	for _, c := range cases {
		got, err := Format{Order: c.order}.ParseTime(c.in)
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s in order %q = %s, %v; want an error with %q", c.in, c.order, FormatTime(got), err, c.err)
		case c.err == "" && (err != nil || FormatTime(got) != c.want):
			t.Errorf("%s in order %q = %s, %v; want %s", c.in, c.order, FormatTime(got), err, c.want)
		}
	}
}
