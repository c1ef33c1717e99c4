package export

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/task"
)

// allColumns is the order in which a sheet is easy to edit; sheets of edits show the first two of a task beside what is edited.
var allColumns = []*task.Property{
	task.DisplayName, task.Status, task.AssignedTo, task.Priority, task.DueDateTime, task.Category, task.Description,
	task.Creator, task.CreatorNotes, task.Insights, task.EndpointSecurityPolicy, task.EndpointSecurityPolicyProfile,
	task.ApplicablePlatform, task.ManagedDeviceCount, task.IntendedSettings, task.AppName, task.AppPublisher, task.AppVersion,
	task.MitigationType, task.Remediation, task.MobileAppCount, task.UnmanagedDevices, task.CreatedDateTime,
}

// Columns reads the names of properties, separated by commas; none are all. The error goes on behind what names the list.
func Columns(list string) ([]*task.Property, error) {
	if list == "" {
		return allColumns, nil
	}
	var columns []*task.Property
	for _, name := range strings.Split(list, ",") {
		p := task.Named(name)
		switch {
		case task.FoldName(name) == task.IDName:
			continue // always the first
		case p == nil:
			return nil, fmt.Errorf(": %s", noProperty(name))
		case slices.Contains(columns, p):
			return nil, fmt.Errorf(" names %s twice", p.Name)
		}
		columns = append(columns, p)
	}
	return columns, nil
}

// noProperty says of a name that it is no property, and which it may be.
func noProperty(name string) string {
	var names []string
	for _, p := range task.All() {
		names = append(names, p.Name)
	}
	if near, ok := task.Nearest(strings.TrimSpace(name), names); ok {
		return fmt.Sprintf("%q is no property; did you mean %q?", name, near)
	}
	return fmt.Sprintf("%q is no property; there are %s", name, strings.Join(names, ", "))
}
