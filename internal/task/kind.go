package task

import "strings"

// TaskKind is a kind of deviceAppManagementTask that this program knows.
type TaskKind struct {
	Name string // as people write it, such as "appVulnerability"
	Type string // @odata.type
	bit  uint8
}

// The kinds, in the order in which a tenant has most of them.
var (
	AppVulnerability               = newKind("appVulnerability", 1)
	UnmanagedDeviceDiscovery       = newKind("unmanagedDeviceDiscovery", 2)
	SecurityConfiguration          = newKind("securityConfiguration", 4)
	taskKinds                      = []*TaskKind{AppVulnerability, UnmanagedDeviceDiscovery, SecurityConfiguration}
	everyKind                uint8 = 1 | 2 | 4
)

func newKind(name string, bit uint8) *TaskKind {
	return &TaskKind{name, "#microsoft.graph." + name + "Task", bit}
}

// TaskKinds returns the kinds. The slice is not to be changed.
func TaskKinds() []*TaskKind { return taskKinds }

// KindOf returns the kind of an @odata.type, nil for one that is not known.
func KindOf(odataType string) *TaskKind {
	for _, k := range taskKinds {
		if k.Type == odataType {
			return k
		}
	}
	return nil
}

// KindNamed finds a kind by its name, or its type's, matched as FoldName says; nil where there is none.
func KindNamed(name string) *TaskKind {
	folded := strings.TrimSuffix(FoldName(name), "task")
	for _, k := range taskKinds {
		if FoldName(k.Name) == folded {
			return k
		}
	}
	return nil
}

// Has reports whether tasks of the kind have the property. A nil kind has none.
func (k *TaskKind) Has(p *Property) bool { return k != nil && p.kinds&k.bit != 0 }
