package ingest

import (
	"encoding/xml"
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// sharedStrings holds a hash of each shared string: enough to know that excelize delivers the one
// that a cell means, at eight bytes a string.
type sharedStrings struct {
	seed   maphash.Seed
	hashes []uint64
}

func readSharedStrings(p *part) (*sharedStrings, error) {
	s := &sharedStrings{seed: maphash.MakeSeed()}
	if p == nil {
		return s, nil
	}
	scan := newXMLScan(p.open())
	for {
		tok, err := scan.next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, damaged("part %q: %w", p.name, err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch {
		case scan.depth() == 1 && start.Name.Local != "sst":
			return nil, damaged("part %q holds no shared strings", p.name)
		case scan.depth() == 2 && start.Name.Local == "si":
			text, err := scan.stringItem()
			if err != nil {
				return nil, damaged("part %q, string %d: %w", p.name, len(s.hashes), err)
			}
			if len(s.hashes) == maxStrings {
				return nil, fmt.Errorf("is too big: more than %d shared strings", maxStrings)
			}
			s.hashes = append(s.hashes, s.hash(text))
		}
	}
}

func (s *sharedStrings) hash(text string) uint64 { return maphash.String(s.seed, text) }

// index reads the content of a cell of type s.
func (s *sharedStrings) index(text string) (int, error) {
	i, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || i < 0 || i >= len(s.hashes) {
		return 0, fmt.Errorf("it means shared string %q of %d", clip(text), len(s.hashes))
	}
	return i, nil
}

// unescape resolves _xHHHH_, by which workbooks write UTF-16 units that XML does not take.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		i := strings.Index(s, "_x")
		if i < 0 {
			break
		}
		out.WriteString(s[:i])
		s = s[i:]
		unit, ok := escapedUnit(s)
		if !ok {
			out.WriteByte('_')
			s = s[1:]
			continue
		}
		s = s[7:]
		if utf16.IsSurrogate(unit) {
			low, _ := escapedUnit(s)
			if unit = utf16.DecodeRune(unit, low); unit != 0xFFFD {
				s = s[7:]
			}
		}
		out.WriteRune(unit)
	}
	return out.String() + s
}

func escapedUnit(s string) (rune, bool) {
	if len(s) < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
