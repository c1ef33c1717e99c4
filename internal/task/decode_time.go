package task

import "time"

// appendTime appends the date-time in s as FormatTime writes it. ok is false where ParseTime has to judge: what is read
// here is RFC 3339 in capitals with Z or an offset up to 14 hours.
func appendTime(dst, s []byte) (out []byte, ok bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return dst, false
	}
	year, month, day := number(s[0:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return dst, false
	}
	fraction, zone, ok := cutFraction(s[len("2006-01-02T15:04:05"):])
	if !ok {
		return dst, false
	}
	if len(zone) == 1 && zone[0] == 'Z' {
		dst = append(dst, s[:len("2006-01-02T15:04:05")]...)
		return append(append(dst, fraction...), 'Z'), true
	}
	offset, ok := offsetOf(zone)
	if !ok {
		return dst, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Add(-offset)
	if !inRange(t) {
		return dst, false
	}
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05")
	return append(append(dst, fraction...), 'Z'), true
}

// cutFraction splits what follows the seconds. The fraction comes with its point and without zeros at its end, or empty.
func cutFraction(s []byte) (fraction, zone []byte, ok bool) {
	if s[0] != '.' {
		return nil, s, true
	}
	end := 1
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == 1 || end > 8 || end == len(s) {
		return nil, nil, false
	}
	fraction, zone = s[:end], s[end:]
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) == 1 {
		fraction = nil
	}
	return fraction, zone, true
}

// offsetOf reads +hh:mm or -hh:mm.
func offsetOf(zone []byte) (time.Duration, bool) {
	if len(zone) != len("+00:00") || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' {
		return 0, false
	}
	hours, minutes := number(zone[1:3]), number(zone[4:6])
	if hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// number reads digits; anything else among them makes it negative.
func number(digits []byte) int {
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func daysOf(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
