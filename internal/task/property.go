package task

import "strings"

// ODataType is the type name of a securityConfigurationTask.
const ODataType = "#microsoft.graph.securityConfigurationTask"

// Kind says how the values of a property are parsed, compared and written.
type Kind uint8

// The kinds of property that tasks have.
const (
	String   Kind = iota // Edm.String
	DateTime             // Edm.DateTimeOffset, compared as instants of 100 ns
	Enum                 // a closed enumeration, one of Property.Members
	Int32                // Edm.Int32
	Settings             // Collection(microsoft.graph.keyValuePair), compared without regard to order
	Devices              // Collection(microsoft.graph.unmanagedDevice), shown as a line for each device
)

// Property describes one property of a task. Properties are compared by
// pointer: each is held once, in the table that All returns.
type Property struct {
	Name     string
	Kind     Kind
	Nullable bool     // may be null on the wire
	Writable bool     // may be part of a PATCH
	Enum     string   // what a member is called in messages ("status"); only for Kind Enum
	Members  []string // in the service's spelling and order; only for Kind Enum
	kinds    uint8    // of task that have it
	index    int
}

// Clearable reports whether <clear> is a legal wish: null for a nullable property, [] for a collection.
func (p *Property) Clearable() bool { return p.Writable && (p.Nullable || p.Kind == Settings) }

// Address reports whether values that hold an "@" are addresses, which are equal without regard to case.
func (p *Property) Address() bool { return p == AssignedTo || p == Creator }

// OneLine reports whether white space at the ends of a value is never meant. Only texts of several lines and settings keep it.
func (p *Property) OneLine() bool {
	return p.Kind != Settings && p.Kind != Devices && p != Description && p != CreatorNotes && p != Insights && p != Remediation
}

// Index is the property's place in the table, from 0 to Count-1.
func (p *Property) Index() int { return p.index }

// Member returns the service's spelling of an enum member, matched without regard to case.
func (p *Property) Member(text string) (string, bool) {
	for _, m := range p.Members {
		if strings.EqualFold(m, text) {
			return m, true
		}
	}
	return "", false
}

// Count is the number of properties beside the key, id.
const Count = 23

// IDName is the name of the key, which addresses a task and is never written.
const IDName = "id"

// The properties, each under its own name, those that every kind has first.
var (
	DisplayName                   = &Property{Name: "displayName", Kind: String, Nullable: true, Writable: true}
	Description                   = &Property{Name: "description", Kind: String, Nullable: true, Writable: true}
	CreatedDateTime               = &Property{Name: "createdDateTime", Kind: DateTime}
	DueDateTime                   = &Property{Name: "dueDateTime", Kind: DateTime, Writable: true}
	Category                      = &Property{Name: "category", Kind: Enum, Writable: true, Enum: "category", Members: []string{"unknown", "advancedThreatProtection"}}
	Priority                      = &Property{Name: "priority", Kind: Enum, Writable: true, Enum: "priority", Members: []string{"none", "high", "low"}}
	Creator                       = &Property{Name: "creator", Kind: String, Nullable: true, Writable: true}
	CreatorNotes                  = &Property{Name: "creatorNotes", Kind: String, Nullable: true, Writable: true}
	AssignedTo                    = &Property{Name: "assignedTo", Kind: String, Nullable: true, Writable: true}
	Status                        = &Property{Name: "status", Kind: Enum, Writable: true, Enum: "status", Members: []string{"unknown", "pending", "active", "completed", "rejected"}}
	EndpointSecurityPolicy        = &Property{Name: "endpointSecurityPolicy", Kind: Enum, Writable: true, Enum: "policy", Members: []string{"unknown", "antivirus", "diskEncryption", "firewall", "endpointDetectionAndResponse", "attackSurfaceReduction", "accountProtection"}}
	ApplicablePlatform            = &Property{Name: "applicablePlatform", Kind: Enum, Writable: true, Enum: "platform", Members: []string{"unknown", "macOS", "windows10AndLater", "windows10AndWindowsServer"}}
	EndpointSecurityPolicyProfile = &Property{Name: "endpointSecurityPolicyProfile", Kind: Enum, Writable: true, Enum: "policy profile", Members: []string{"unknown", "antivirus", "windowsSecurity", "bitLocker", "fileVault", "firewall", "firewallRules", "endpointDetectionAndResponse", "deviceControl", "appAndBrowserIsolation", "exploitProtection", "webProtection", "applicationControl", "attackSurfaceReductionRules", "accountProtection"}}
	Insights                      = &Property{Name: "insights", Kind: String, Nullable: true, Writable: true}
	ManagedDeviceCount            = &Property{Name: "managedDeviceCount", Kind: Int32, Writable: true}
	IntendedSettings              = &Property{Name: "intendedSettings", Kind: Settings, Writable: true}
	AppName                       = &Property{Name: "appName", Kind: String, Nullable: true, Writable: true}
	AppPublisher                  = &Property{Name: "appPublisher", Kind: String, Nullable: true, Writable: true}
	AppVersion                    = &Property{Name: "appVersion", Kind: String, Nullable: true, Writable: true}
	MitigationType                = &Property{Name: "mitigationType", Kind: Enum, Writable: true, Enum: "mitigation type", Members: []string{"unknown", "update", "uninstall", "securityConfiguration"}}
	MobileAppCount                = &Property{Name: "mobileAppCount", Kind: Int32, Writable: true}
	Remediation                   = &Property{Name: "remediation", Kind: String, Nullable: true, Writable: true}
	UnmanagedDevices              = &Property{Name: "unmanagedDevices", Kind: Devices, Nullable: true}
)

// Note is the text that goes to the service with status and cannot be read back. It is no property of a task and not in the table; its
// column is read and written as a property's is.
var Note = &Property{Name: "note", Kind: String, Writable: true, index: -1}

// table says which kinds of task have which property.
var table = [Count]struct {
	*Property
	kinds uint8
}{
	{DisplayName, everyKind},
	{Description, everyKind},
	{CreatedDateTime, everyKind},
	{DueDateTime, everyKind},
	{Category, everyKind},
	{Priority, everyKind},
	{Creator, everyKind},
	{CreatorNotes, everyKind},
	{AssignedTo, everyKind},
	{Status, everyKind},
	{EndpointSecurityPolicy, SecurityConfiguration.bit},
	{ApplicablePlatform, SecurityConfiguration.bit},
	{EndpointSecurityPolicyProfile, SecurityConfiguration.bit},
	{Insights, SecurityConfiguration.bit | AppVulnerability.bit},
	{ManagedDeviceCount, SecurityConfiguration.bit | AppVulnerability.bit},
	{IntendedSettings, SecurityConfiguration.bit},
	{AppName, AppVulnerability.bit},
	{AppPublisher, AppVulnerability.bit},
	{AppVersion, AppVulnerability.bit},
	{MitigationType, AppVulnerability.bit},
	{MobileAppCount, AppVulnerability.bit},
	{Remediation, AppVulnerability.bit},
	{UnmanagedDevices, UnmanagedDeviceDiscovery.bit},
}

var byName = make(map[string]*Property, Count)

func init() {
	for i, row := range table {
		p := row.Property
		p.index, p.kinds = i, row.kinds
		byName[p.Name] = p
		byFold[FoldName(p.Name)] = p
	}
}

// All returns the properties beside id, in table order. The slice is the caller's.
func All() []*Property {
	all := make([]*Property, Count)
	for i, row := range table {
		all[i] = row.Property
	}
	return all
}

// Lookup finds a property by its exact name, or nil. "id" is not a property in this sense.
func Lookup(name string) *Property { return byName[name] }

var byFold = make(map[string]*Property, Count)

// Named finds a property by its name as people write it, matched as FoldName says, or nil.
func Named(name string) *Property { return byFold[FoldName(name)] }

// FoldName is the form under which a header matches a property name: case, spaces, "_" and "-" do not count.
func FoldName(header string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '_', '-', '\u00a0':
			return -1
		}
		return r
	}, header))
}
