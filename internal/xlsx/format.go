package xlsx

import (
	"archive/zip"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Format is what the number format of a cell says about a number in it.
type Format uint8

// The values of Format.
const (
	OtherFormat Format = iota // the sheet may show something else than the number
	PlainFormat               // General, 0, or text
	DateFormat                // a date, with or without a time, or a time of day
)

// readFormats reads the format of each cell style.
func readFormats(styles *zip.File) ([]Format, error) {
	if styles == nil {
		return []Format{PlainFormat}, nil
	}
	var ids []int
	codes := map[int]string{} // of the formats that the workbook defines
	err := readIndex(styles, "styleSheet", func(x *elements) error {
		return x.each(1, func(list string) error {
			return x.each(2, func(name string) error {
				number, given := x.attr("numFmtId")
				id, err := strconv.Atoi(strings.TrimSpace(number))
				switch {
				case list == "numFmts" && name == "numFmt":
					codes[id], _ = x.attr("formatCode")
				case list == "cellXfs" && name == "xf":
					ids = append(ids, id)
				default:
					return nil
				}
				if given && err != nil {
					return fmt.Errorf("a number format has the number %q", clip(number))
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, err
	}
	formats := make([]Format, len(ids), max(len(ids), 1))
	for i, id := range ids {
		if code, custom := codes[id]; custom {
			formats[i] = formatOf(code)
		} else {
			formats[i] = builtIn(id)
		}
	}
	if len(formats) == 0 {
		formats = append(formats, PlainFormat)
	}
	return formats, nil
}

// builtIn knows the formats that a workbook names by number only. 27 to 36 and 50 to 58 are dates in East Asian locales, 71 to 81
// in Thai ones, but for 79, which is an elapsed time as 46 is.
func builtIn(id int) Format {
	switch {
	case id == 0, id == 1, id == 49:
		return PlainFormat
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id == 45, id == 47, id >= 50 && id <= 58, id >= 71 && id <= 81 && id != 79:
		return DateFormat
	}
	return OtherFormat
}

var (
	// literals are the pieces of a format code that are shown as they are: quoted, escaped, padding, bracketed.
	literals = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	elapsed  = regexp.MustCompile(`(?i)\[(h+|m+|s+)\]`)
)

// formatOf reads the part of a format code that is for positive numbers.
func formatOf(code string) Format {
	if elapsed.MatchString(code) {
		return OtherFormat
	}
	bare, _, _ := strings.Cut(literals.ReplaceAllString(code, ""), ";")
	switch bare = strings.ToLower(bare); {
	case strings.EqualFold(code, "general") || code == "0" || code == "@":
		return PlainFormat
	case bare != "general" && strings.ContainsAny(bare, "ymdhs"):
		return DateFormat
	}
	return OtherFormat
}
