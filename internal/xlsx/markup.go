package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// elements reads the elements of a part. Of markup that offers alternatives (mc:AlternateContent) it shows what the fallback
// holds, as a program does that knows none of the extensions.
type elements struct {
	*tokenizer
	exact       bool         // alternatives are refused
	transparent []alternates // what is open and not shown
	skip        int          // depth of an alternative that is left out, or 0
	vocabulary  attr         // the prefix of the root element, and the namespace that it declares for it
}

type alternates struct {
	depth    int
	fallback bool
}

func newElements(in io.Reader) *elements { return &elements{tokenizer: newTokenizer(in)} }

var errAlternatives = errors.New("it holds alternatives (mc:AlternateContent), of which another program may take another")

func (x *elements) depth() int { return x.tokenizer.depth() - len(x.transparent) }

func (x *elements) next() (tokenKind, error) {
	for {
		kind, err := x.tokenizer.next()
		if err != nil || kind == text && x.skip == 0 {
			return kind, err
		}
		depth := x.tokenizer.depth()
		last := len(x.transparent) - 1
		switch {
		case x.skip > 0:
			if depth < x.skip {
				x.skip = 0
			}
		case kind == endTag && last >= 0 && depth < x.transparent[last].depth:
			x.transparent = x.transparent[:last]
		case kind == endTag:
			return kind, nil
		case string(x.name) == "AlternateContent":
			if x.exact {
				return 0, errAlternatives
			}
			x.transparent = append(x.transparent, alternates{depth: depth})
		case last < 0 || x.transparent[last].fallback || depth != x.transparent[last].depth+1:
			return kind, nil
		case string(x.name) == "Fallback":
			x.transparent = append(x.transparent, alternates{depth, true})
		default:
			x.skip = depth
		}
	}
}

// child goes to the next child of the element that is open at a depth, beyond whatever lies before it, and reports whether there
// is one. At depth 0 the child is the root element, and there is no other.
func (x *elements) child(depth int) (bool, error) {
	for {
		kind, err := x.next()
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case kind == startTag && x.depth() == depth+1:
			if depth == 0 {
				x.vocabulary.name = bytes.Clone(x.prefix)
				x.vocabulary.value = bytes.Clone(x.namespace())
			}
			if x.exact {
				err = x.known()
			}
			return err == nil, err
		case kind == endTag && x.depth() < depth:
			return false, nil
		}
	}
}

// namespace is what the element whose start tag was read last declares for the prefix of the root element; nil where it declares nothing.
func (x *elements) namespace() []byte {
	for _, a := range x.attrs {
		if prefix, ok := bytes.CutPrefix(a.name, []byte("xmlns")); ok && bytes.Equal(bytes.TrimPrefix(prefix, []byte(":")), x.vocabulary.name) {
			return a.value
		}
	}
	return nil
}

// known refuses the element whose start tag was read last if it is of another vocabulary than the root: other programs may pass over it.
func (x *elements) known() error {
	if space := x.namespace(); !bytes.Equal(x.prefix, x.vocabulary.name) || space != nil && !bytes.Equal(space, x.vocabulary.value) {
		return fmt.Errorf("it has an element %q of another vocabulary", clip(string(x.name)))
	}
	return nil
}

// each calls visit for each child of the element that is open at a depth. What visit leaves of a child is left out.
func (x *elements) each(depth int, visit func(name string) error) error {
	for {
		found, err := x.child(depth)
		if err != nil || !found {
			return err
		}
		if err := visit(string(x.name)); err != nil {
			return err
		}
	}
}

// text appends the text of the element whose start tag was read last, in which no element lies.
func (x *elements) text(to []byte) ([]byte, error) {
	for {
		switch kind, err := x.next(); {
		case err != nil:
			return to, err
		case kind == startTag:
			return to, errors.New("it has an element inside a text")
		case kind == endTag:
			return to, nil
		}
		to = append(to, x.data...)
	}
}

// attr is the value of an attribute without a prefix, and whether it is there.
func (x *elements) attr(name string) (string, bool) {
	for _, a := range x.attrs {
		if string(a.name) == name {
			return string(a.value), true
		}
	}
	return "", false
}

// number is an attribute that counts or names something by its number; 0 where it is not there.
func (x *elements) number(name string) (int, error) {
	text, given := x.attr(name)
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if given && err != nil {
		return 0, fmt.Errorf("its %s is %q", name, clip(text))
	}
	return n, nil
}

func (x *elements) isTrue(name string) bool {
	value, _ := x.attr(name)
	return truth(value)
}

func truth(v string) bool { return v == "1" || v == "true" || v == "on" }
