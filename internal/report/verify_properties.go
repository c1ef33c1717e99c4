package report

import (
	"fmt"
	"strconv"
	"strings"
)

// property is one of the document, such as its title or the hash of the ledger.
type property struct {
	name, text string
	custom     bool // one that not every document has
}

// properties reads those that say what the report is of. Parts that are not there say nothing.
func (w *workbook) properties() ([]property, error) {
	links, err := w.relations("")
	if err != nil {
		return nil, err
	}
	var all []property
	for _, r := range links {
		if _, missing := w.part(r.Target); missing != nil {
			continue
		}
		var some []property
		switch {
		case r.is("core-properties"):
			some, err = w.coreProperties(r.Target)
		case r.is("custom-properties"):
			some, err = w.customProperties(r.Target)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// coreProperties reads those that a program leaves as they are when it saves the report again. LibreOffice words the keywords
// anew, and every program the times and its own name.
func (w *workbook) coreProperties(part string) ([]property, error) {
	var core struct {
		Title       []string `xml:"title"`
		Subject     []string `xml:"subject"`
		Description []string `xml:"description"`
	}
	if err := w.decode(part, &core); err != nil {
		return nil, err
	}
	var all []property
	add := func(name string, texts []string) {
		for _, text := range texts {
			all = append(all, property{name: name, text: text})
		}
	}
	add("title", core.Title)
	add("subject", core.Subject)
	add("description", core.Description)
	return all, nil
}

func (w *workbook) customProperties(part string) ([]property, error) {
	var custom struct {
		All []struct {
			Name   string `xml:"name,attr"`
			Values []struct {
				Text string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"property"`
	}
	if err := w.decode(part, &custom); err != nil {
		return nil, err
	}
	var all []property
	for _, p := range custom.All {
		for _, v := range p.Values {
			all = append(all, property{p.Name, v.Text, true})
		}
	}
	return all, nil
}

// compareProperties names the first property that says something else. One that is not there, or is empty, passes: some
// programs leave them out when they save. So does one that is not ours.
func compareProperties(want, got *workbook, path string) error {
	mine, err := want.properties()
	if err != nil {
		return fmt.Errorf("rendering the ledger again: %w", err)
	}
	theirs, err := got.properties()
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	for _, m := range mine {
		for _, p := range theirs {
			a, b := propertyText(m.text), propertyText(p.text)
			if m.custom != p.custom || !strings.EqualFold(m.name, p.name) || b == "" || a == b {
				continue
			}
			left, right := excerpts(a, b)
			return alteredError(fmt.Sprintf("%s: the document property %q: the ledger says %s, the report says %s",
				path, m.name, strconv.QuoteToGraphic(left), strconv.QuoteToGraphic(right)))
		}
	}
	return nil
}

// propertyText is without what programs may change when they save: white space.
func propertyText(text string) string { return strings.Join(strings.Fields(unescape(text)), " ") }
