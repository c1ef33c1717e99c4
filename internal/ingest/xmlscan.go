package ingest

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxToken = 4 << 20 // bytes of one tag or one run of text
	maxDepth = 100
)

// xmlScan reads a part's XML token by token, and fails unless the part is one whole, well-formed
// element to its last byte. It holds one token at a time. A document type is refused: no workbook has
// one, and entities are how small files grow.
type xmlScan struct {
	dec   *xml.Decoder
	in    *tokenReader
	stack []xml.Name // the elements that are open
	root  bool       // seen
}

func newXMLScan(r io.Reader) *xmlScan {
	in := &tokenReader{r: bufio.NewReaderSize(r, 64<<10)}
	return &xmlScan{dec: xml.NewDecoder(in), in: in}
}

// next returns the next start tag, end tag or text, and io.EOF behind the root element. The token is
// good until the following call.
func (s *xmlScan) next() (xml.Token, error) {
	for {
		s.in.n = 0
		tok, err := s.dec.RawToken()
		if err == io.EOF && (len(s.stack) > 0 || !s.root) {
			return nil, errors.New("the XML ends too early")
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(s.stack) == 0 && s.root {
				return nil, errors.New("the XML has a second root element")
			}
			if len(s.stack) >= maxDepth {
				return nil, errors.New("the XML is nested too deeply")
			}
			s.root = true
			s.stack = append(s.stack, t.Name)
			return t, nil
		case xml.EndElement:
			if n := len(s.stack); n == 0 || s.stack[n-1] != t.Name {
				return nil, fmt.Errorf("the XML closes %q, which is not the element that is open", clip(t.Name.Local))
			}
			s.stack = s.stack[:len(s.stack)-1]
			return t, nil
		case xml.CharData:
			if len(s.stack) > 0 {
				return t, nil
			}
			if strings.Trim(string(t), " \t\r\n\ufeff") != "" {
				return nil, errors.New("the XML has text outside its root element")
			}
		case xml.Directive:
			return nil, errors.New("the XML has a document type, which no workbook has")
		}
	}
}

// depth is how many elements are open; a start tag counts already, an end tag no longer.
func (s *xmlScan) depth() int { return len(s.stack) }

// skip reads to the end of the element whose start tag was the last token.
func (s *xmlScan) skip() error {
	for outside := s.depth() - 1; s.depth() > outside; {
		if _, err := s.next(); err != nil {
			return early(err)
		}
	}
	return nil
}

// early is for places where io.EOF cannot come, since an element is open.
func early(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// stringItem reads the text of the element whose start tag was the last token, a shared or an inline
// string: plain, or in rich runs, without what is there for pronunciation.
func (s *xmlScan) stringItem() (string, error) {
	base := s.depth()
	var text strings.Builder
	for s.depth() >= base {
		tok, err := s.next()
		if err != nil {
			return "", early(err)
		}
		data, ok := tok.(xml.CharData)
		if !ok {
			continue
		}
		switch path := s.stack[base:]; {
		case len(path) == 1 && path[0].Local == "t", len(path) == 2 && path[0].Local == "r" && path[1].Local == "t":
			text.Write(data)
		}
	}
	return unescape(text.String()), nil
}

func attr(t xml.StartElement, name string) (string, bool) {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

// tokenReader counts the bytes of the token being read, so that no token fills the memory.
type tokenReader struct {
	r *bufio.Reader
	n int
}

var errToken = limitError(fmt.Sprintf("the XML has a text of more than %d MiB", maxToken>>20))

func (t *tokenReader) ReadByte() (byte, error) {
	if t.n++; t.n > maxToken {
		return 0, errToken
	}
	return t.r.ReadByte()
}

func (t *tokenReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.n += n; t.n > maxToken {
		return n, errToken
	}
	return n, err
}
