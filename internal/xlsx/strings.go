package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxStrings     = 8 << 20   // shared strings
	maxStringsPart = 512 << 20 // bytes of the part that holds them
)

// readStrings reads the shared strings.
func readStrings(f *zip.File) ([]string, error) {
	if f == nil {
		return nil, nil
	}
	if f.UncompressedSize64 > maxStringsPart {
		return nil, fmt.Errorf("is too big: its shared strings would unpack to %d MiB", f.UncompressedSize64>>20)
	}
	var all []string
	var item []byte
	return all, readPart(f, "sst", func(x *elements) error {
		x.exact = true
		return x.each(1, func(name string) error {
			if name != "si" {
				return nil
			}
			if len(all) == maxStrings {
				return limitError(fmt.Sprintf("it holds more than %d texts", maxStrings))
			}
			var err error
			if item, err = x.stringItem(item); err != nil {
				return fmt.Errorf("string %d: %w", len(all), err)
			}
			all = append(all, string(item))
			return nil
		})
	})
}

// stringItem reads the text of the element whose start tag was read last, a shared or an inline string, in the memory of to: plain, or
// in rich runs, without what is there for pronunciation.
func (x *elements) stringItem(to []byte) ([]byte, error) {
	plain, depth := false, x.depth()
	to = to[:0]
	err := x.each(depth, func(name string) (err error) {
		switch {
		case name == "t" && plain:
			return errors.New("it has two texts")
		case name == "t":
			plain = true
			to, err = x.unescaped(to)
		case name == "r":
			err = x.each(depth+1, func(name string) (err error) {
				if name == "t" {
					to, err = x.unescaped(to)
				}
				return err
			})
		}
		return err
	})
	return to, err
}

// unescaped appends the text of the element whose start tag was read last, without its escapes.
func (x *elements) unescaped(to []byte) ([]byte, error) {
	begin := len(to)
	to, err := x.text(to)
	if err != nil {
		return to, err
	}
	text, err := unescape(to[begin:])
	return to[:begin+len(text)], err
}

// unescape resolves _xHHHH_ in place, by which workbooks write UTF-16 units that XML does not take. Two of them may be one
// character.
func unescape(text []byte) ([]byte, error) {
	if !bytes.Contains(text, []byte("_x")) {
		return text, nil
	}
	out := text[:0]
	for len(text) > 0 {
		r, length := escapedUnit(text)
		if utf16.IsSurrogate(r) {
			low, more := escapedUnit(text[length:])
			if r, length = utf16.DecodeRune(r, low), length+more; r == utf8.RuneError {
				return nil, fmt.Errorf("it holds half a character: %q", clip(string(text)))
			}
		}
		if length == 0 {
			out, text = append(out, text[0]), text[1:]
			continue
		}
		out, text = utf8.AppendRune(out, r), text[length:]
	}
	return out, nil
}

// escapedUnit reads one _xHHHH_ at the start of a text; its length is 0 where there is none.
func escapedUnit(s []byte) (unit rune, length int) {
	if len(s) < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return 0, 0
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil || strings.ContainsAny(string(s[2:6]), "+_") {
		return 0, 0
	}
	return rune(n), 7
}
