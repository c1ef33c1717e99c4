package sandbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"taskrecon/internal/task"
)

// commonFields are the properties that every kind of task has, in the order in which Graph sends them.
type commonFields struct {
	Type            string  `json:"@odata.type"`
	ID              string  `json:"id"`
	DisplayName     *string `json:"displayName"`
	Description     *string `json:"description"`
	CreatedDateTime string  `json:"createdDateTime"`
	DueDateTime     string  `json:"dueDateTime"`
	Category        string  `json:"category"`
	Priority        string  `json:"priority"`
	Creator         *string `json:"creator"`
	CreatorNotes    *string `json:"creatorNotes"`
	AssignedTo      *string `json:"assignedTo"`
	Status          string  `json:"status"`
}

type securityTask struct {
	commonFields
	Policy   string  `json:"endpointSecurityPolicy"`
	Platform string  `json:"applicablePlatform"`
	Profile  string  `json:"endpointSecurityPolicyProfile"`
	Insights *string `json:"insights"`
	Devices  int     `json:"managedDeviceCount"`
	Settings []pair  `json:"intendedSettings"`
}

type vulnerabilityTask struct {
	commonFields
	AppName        string  `json:"appName"`
	AppPublisher   string  `json:"appPublisher"`
	AppVersion     string  `json:"appVersion"`
	Insights       *string `json:"insights"`
	Devices        int     `json:"managedDeviceCount"`
	MitigationType string  `json:"mitigationType"`
	MobileApps     int     `json:"mobileAppCount"`
	Remediation    string  `json:"remediation"`
}

type discoveryTask struct {
	commonFields
	Devices []discovered `json:"unmanagedDevices"`
}

type discovered struct {
	OS         string `json:"os"`
	IPAddress  string `json:"ipAddress"`
	DeviceName string `json:"deviceName"`
	LastSeen   string `json:"lastSeenDateTime"`
}

// kindOfWork is a policy with a profile and a platform that go together, and a setting of it.
type kindOfWork struct{ policy, profile, platform, title, setting, value string }

var work = []kindOfWork{
	{"antivirus", "antivirus", "windows10AndLater", "Turn on cloud-delivered protection", "AllowCloudProtection", "1"},
	{"antivirus", "antivirus", "macOS", "Enable real-time protection on Mac", "enableRealTimeProtection", "true"},
	{"antivirus", "windowsSecurity", "windows10AndLater", "Turn on tamper protection", "TamperProtection", "0"},
	{"diskEncryption", "bitLocker", "windows10AndLater", "Encrypt operating system drives", "RequireDeviceEncryption", "1"},
	{"diskEncryption", "fileVault", "macOS", "Turn on FileVault", "Enable", "On"},
	{"firewall", "firewall", "windows10AndWindowsServer", "Enable the firewall for the public profile", "EnableFirewall", "true"},
	{"firewall", "firewallRules", "windows10AndLater", "Block inbound SMB", "Action", "0"},
	{"endpointDetectionAndResponse", "endpointDetectionAndResponse", "windows10AndWindowsServer", "Onboard devices to Defender for Endpoint", "SampleSharing", "1"},
	{"attackSurfaceReduction", "attackSurfaceReductionRules", "windows10AndLater", "Block Office apps from creating child processes", "BlockOfficeChildProcess", "Block"},
	{"attackSurfaceReduction", "exploitProtection", "windows10AndLater", "Apply exploit protection", "ExploitProtectionSettings", ""},
	{"attackSurfaceReduction", "webProtection", "windows10AndLater", "Enable network protection", "EnableNetworkProtection", "1"},
	{"attackSurfaceReduction", "deviceControl", "windows10AndLater", "Restrict removable storage", "RemovableStorage", "ReadOnly"},
	{"attackSurfaceReduction", "appAndBrowserIsolation", "windows10AndLater", "Isolate untrusted sites", "AllowAppHVSI", "3"},
	{"attackSurfaceReduction", "applicationControl", "windows10AndLater", "Audit application control", "AppLocker", "Audit"},
	{"accountProtection", "accountProtection", "windows10AndLater", "Use Windows Hello for Business", "UsePassportForWork", "true"},
	{"unknown", "unknown", "unknown", "Review the recommendation", "Reviewed", "no"},
}

var people = []string{
	"alice.martin@contoso.com", "bob.keller@contoso.com", "megan.bowen@contoso.com", "diego.siciliani@contoso.com",
	"lynne.robbins@contoso.com", "山田.花子@contoso.jp", "Zoë Brandt", "secops@contoso.com",
}

// Generate makes n tasks of mixed values in the mix that a real tenant has: of every twenty, fourteen are appVulnerabilityTasks, five
// securityConfigurationTasks, and one is an unmanagedDeviceDiscoveryTask. The same n and seed give the same tasks.
func Generate(n int, seed uint64) []json.RawMessage {
	g := generator{rand.New(rand.NewPCG(seed, 0x67656e))}
	out := make([]json.RawMessage, n)
	for i := range out {
		var t any
		switch {
		case i%20 == 13:
			t = g.discovery(i)
		case i%4 == 0:
			t = g.security(i)
		default:
			t = g.vulnerability(i)
		}
		out[i] = json.RawMessage(encode(t))
	}
	return out
}

type generator struct{ rng *rand.Rand }

func pick[T any](g generator, of []T) T { return of[g.rng.IntN(len(of))] }

// maybe is text, or now and then null or empty.
func (g generator) maybe(text string) *string {
	switch g.rng.IntN(12) {
	case 0:
		return nil
	case 1:
		text = ""
	}
	return &text
}

// date is a time in 2026 as the service writes it, of one of the precisions and offsets that occur.
func (g generator) date() string {
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.rng.Int64N(int64(365 * 24 * time.Hour))))
	switch g.rng.IntN(4) {
	case 0:
		return t.In(time.FixedZone("", -8*3600)).Format("2006-01-02T15:04:05.0000000Z07:00")
	case 1:
		return t.Format("2006-01-02T15:04:05.0000000Z")
	}
	return t.Format("2006-01-02T15:04:05Z")
}

func (g generator) common(kind string, i int, title string) commonFields {
	name := fmt.Sprintf("%s (%05d)", title, i+1)
	c := commonFields{
		Type:            kind,
		ID:              guid(g.rng),
		DisplayName:     &name,
		Description:     g.maybe(title + " on the devices in scope."),
		CreatedDateTime: g.date(),
		DueDateTime:     g.date(),
		Category:        pick(g, task.Category.Members),
		Priority:        pick(g, task.Priority.Members),
		Creator:         g.maybe(pick(g, people)),
		CreatorNotes:    g.maybe("Raised from the weekly exposure review."),
		AssignedTo:      g.maybe(pick(g, people)),
		Status:          pick(g, task.Status.Members),
	}
	if g.rng.IntN(5) == 0 {
		c.DueDateTime = unsetDate
	}
	return c
}

func (g generator) security(i int) securityTask {
	w := pick(g, work)
	t := securityTask{
		commonFields: g.common(task.ODataType, i, w.title),
		Policy:       w.policy,
		Platform:     w.platform,
		Profile:      w.profile,
		Insights:     g.maybe("Exposed devices: see the security recommendation."),
		Devices:      g.rng.IntN(5000),
		Settings:     []pair{},
	}
	for j := range g.rng.IntN(4) {
		name := w.setting
		if j > 0 {
			name = fmt.Sprintf("%s.%d", w.setting, j)
		}
		t.Settings = append(t.Settings, pair{Name: &name, Value: g.maybe(w.value)})
	}
	return t
}

// application is a program with a weakness, and what is advised.
type application struct{ name, publisher, version, mitigation, remediation string }

var applications = []application{
	{"Acrobat Reader", "Adobe", "24.2", "update", "Update to the latest version."},
	{"Chrome", "Google", "131.0", "update", "Update to version 132 or later."},
	{"7-Zip", "Igor Pavlov", "23.01", "update", "Update to version 24.09 or later."},
	{"Java 8", "Oracle", "8.0.202", "uninstall", "Uninstall what nothing needs any more."},
	{"Office", "Microsoft", "16.0", "securityConfiguration", "Block macros from the internet."},
	{"WinRAR", "win.rar", "6.20", "unknown", "See the security recommendation."},
}

func (g generator) vulnerability(i int) vulnerabilityTask {
	a := pick(g, applications)
	title := map[string]string{"update": "Update ", "uninstall": "Uninstall ", "securityConfiguration": "Configure ", "unknown": "Look at "}[a.mitigation]
	return vulnerabilityTask{
		commonFields:   g.common(task.AppVulnerability.Type, i, title+a.name),
		AppName:        a.name,
		AppPublisher:   a.publisher,
		AppVersion:     fmt.Sprintf("%s.%d", a.version, g.rng.IntN(9)),
		Insights:       g.maybe("A public exploit exists."),
		Devices:        g.rng.IntN(900),
		MitigationType: a.mitigation,
		MobileApps:     1 + g.rng.IntN(3),
		Remediation:    a.remediation,
	}
}

func (g generator) discovery(i int) discoveryTask {
	return discoveryTask{
		commonFields: g.common(task.UnmanagedDeviceDiscovery.Type, i, "Onboard unmanaged devices"),
		Devices: []discovered{
			{"Windows", "192.0.2.17", fmt.Sprintf("DESKTOP-%04X", g.rng.IntN(1<<16)), g.date()},
			{"macOS", "192.0.2.40", fmt.Sprintf("MAC-%04X", g.rng.IntN(1<<16)), g.date()},
		},
	}
}
