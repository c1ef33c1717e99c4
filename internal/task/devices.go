package task

import (
	"encoding/json"
	"fmt"
	"strings"
)

// deviceParts are the members of a device, in the order in which people read them.
var deviceParts = [][]string{
	{"deviceName", "domain"}, {"os", "osVersion"}, {"manufacturer", "model"}, {"ipAddress"}, {"macAddress"}, {"location"}, {"lastLoggedOnUser"}, {"lastSeenDateTime"},
}

// devicesFromWire reads unmanagedDevices as a line for each device: its name and domain, what it is, its addresses, and when and by whom
// it was seen last. Members that Graph adds later are not shown.
func devicesFromWire(raw json.RawMessage) (Value, error) {
	var wire []map[string]any
	if err := json.Unmarshal(raw, &wire); err != nil {
		return Null, fmt.Errorf("unmanagedDevices: want an array of devices, got %s", clip(string(raw)))
	}
	lines := make([]string, len(wire))
	for i, d := range wire {
		var parts []string
		for _, names := range deviceParts {
			var words []string
			for _, name := range names {
				if text, _ := d[name].(string); strings.TrimSpace(text) != "" {
					words = append(words, strings.Join(strings.Fields(text), " "))
				}
			}
			if len(words) > 0 {
				parts = append(parts, strings.Join(words, " "))
			}
		}
		lines[i] = strings.Join(parts, ", ")
	}
	return Text(strings.Join(lines, "\n")), nil
}
