package ingest

import (
	"strings"

	"taskrecon/internal/task"
)

// keepsInstants reports whether a date may mean another instant than it would without the run's flags: in ledger and
// report it goes without them.
func (b *builder) keepsInstants() bool {
	zone := b.format.Zone
	return b.format.Order != task.OrderNone || zone != nil && zone.String() != "UTC"
}

// asInstant is the text of a date as it means the same without the zone and the date order of this reading.
func (b *builder) asInstant(m match, text string, v task.Value) string {
	if m.property == nil || m.property.Kind != task.DateTime || v.IsNull() || !b.keepsInstants() {
		return text
	}
	if _, err := task.ParseTime(strings.TrimSpace(text)); err == nil {
		return text // it has its own offset
	}
	return v.String()
}
