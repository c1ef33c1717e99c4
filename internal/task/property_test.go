package task

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const referencePage = "../../../shared/reference/update-securityConfigurationTask.txt"

// pageTypes maps the page's type names to kinds; every other type on it is an enumeration.
var pageTypes = map[string]Kind{
	"String": String, "DateTimeOffset": DateTime, "Int32": Int32, "keyValuePair collection": Settings,
}

func TestTableMatchesReferencePage(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash(referencePage))
	if os.IsNotExist(err) {
		t.Skipf("the reference page %s is not here: the table is NOT checked against it", referencePage)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rows, found := strings.Cut(string(page), "Property | Type | Description |\n")
	if !found {
		t.Fatal("the page holds no property table")
	}
	var names []string
	row := regexp.MustCompile(`^(\w+) \| ([\w ]+) \| (.*) \|$`)
	for line := range strings.Lines(rows) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			break
		}
		names = append(names, m[1])
		if m[1] != IDName {
			checkAgainstPage(t, m[1], m[2], m[3])
		}
	}
	want := []string{IDName}
	for _, p := range All() {
		if SecurityConfiguration.Has(p) {
			want = append(want, p.Name)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the page has the properties %q; the table has %q", names, want)
	}
}

// TestTableMatchesKinds holds the table against the notes on every kind of task, which a row tells such as
// "| appVulnerabilityTask | appName, ... | String | yes | writable by its Update page |".
func TestTableMatchesKinds(t *testing.T) {
	notes, err := os.ReadFile(filepath.FromSlash("../../../shared/GRAPH.md"))
	if os.IsNotExist(err) {
		t.Skip("the notes on the service are not here: the table is NOT checked against them")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(notes), "## Every kind of task")
	section, _, _ = strings.Cut(section, "\n## ")
	kind, seen := (*TaskKind)(nil), map[*TaskKind][]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 5 || strings.Contains(line, "---") || strings.Contains(line, "own property") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] != "" {
			kind = KindNamed(cells[0])
		}
		if kind == nil || cells[2] == "" || cells[2] == "navigation" {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ", ") {
			p := Lookup(name)
			if p == nil || !kind.Has(p) || p.Nullable != (cells[3] == "yes") || p.Writable != strings.HasPrefix(cells[4], "writable") {
				t.Errorf("%s of a %s is %+v; the notes say %q", name, kind.Name, p, cells[2:])
				continue
			}
			if _, members, ok := strings.Cut(cells[2], "enum: "); ok && !slices.Equal(p.Members, strings.Split(members, ", ")) {
				t.Errorf("%s has the members %q; the notes say %s", name, p.Members, members)
			}
			seen[kind] = append(seen[kind], name)
		}
	}
	for _, kind := range []*TaskKind{AppVulnerability, UnmanagedDeviceDiscovery} {
		for _, p := range All() {
			if kind.Has(p) && p.kinds != everyKind && !slices.Contains(seen[kind], p.Name) {
				t.Errorf("%s of a %s is not in the notes", p.Name, kind.Name)
			}
		}
	}
	if len(seen[AppVulnerability]) != 8 || len(seen[UnmanagedDeviceDiscovery]) != 1 {
		t.Errorf("this test misreads the notes: %v", seen)
	}
}

func checkAgainstPage(t *testing.T, name, typ, words string) {
	t.Helper()
	p := Lookup(name)
	if p == nil {
		t.Errorf("%s is on the page, but not in the table", name)
		return
	}
	kind, plain := pageTypes[typ]
	if !plain {
		kind = Enum
	}
	if p.Kind != kind {
		t.Errorf("%s is of kind %d; the page says %s", name, p.Kind, typ)
	}
	var members []string
	if _, list, ok := strings.Cut(words, "Possible values are: "); ok {
		for m := range strings.SplitSeq(strings.TrimRight(list, " ."), ",") {
			members = append(members, strings.TrimSpace(m))
		}
	}
	if plain == (members != nil) {
		t.Fatalf("%s has the type %s and the members %q: this test misreads the page", name, typ, members)
	}
	if !slices.Equal(p.Members, members) {
		t.Errorf("%s has the members\n%q; the page has\n%q", name, p.Members, members)
	}
}

// The service's metadata, which is stricter than the page.
func TestTableMatchesMetadata(t *testing.T) {
	want := []struct {
		name                          string
		nullable, writable, clearable bool
	}{
		{"displayName", true, true, true},
		{"description", true, true, true},
		{"createdDateTime", false, false, false},
		{"dueDateTime", false, true, false},
		{"category", false, true, false},
		{"priority", false, true, false},
		{"creator", true, true, true},
		{"creatorNotes", true, true, true},
		{"assignedTo", true, true, true},
		{"status", false, true, false},
		{"endpointSecurityPolicy", false, true, false},
		{"applicablePlatform", false, true, false},
		{"endpointSecurityPolicyProfile", false, true, false},
		{"insights", true, true, true},
		{"managedDeviceCount", false, true, false},
		{"intendedSettings", false, true, true},
		{"appName", true, true, true},
		{"appPublisher", true, true, true},
		{"appVersion", true, true, true},
		{"mitigationType", false, true, false},
		{"mobileAppCount", false, true, false},
		{"remediation", true, true, true},
		{"unmanagedDevices", true, false, false},
	}
	all := All()
	if len(all) != len(want) {
		t.Fatalf("%d properties; want %d", len(all), len(want))
	}
	for i, w := range want {
		p := all[i]
		if p.Name != w.name || p.Nullable != w.nullable || p.Writable != w.writable || p.Clearable() != w.clearable {
			t.Errorf("property %d is %s nullable=%t writable=%t clearable=%t; want %+v", i, p.Name, p.Nullable, p.Writable, p.Clearable(), w)
		}
		if p.Index() != i || Lookup(w.name) != p {
			t.Errorf("%s: index %d, lookup %p; want %d, %p", p.Name, p.Index(), Lookup(w.name), i, p)
		}
		if (p.Kind == Enum) != (p.Enum != "") {
			t.Errorf("%s: an enumeration, and only one, has a word for its members; got %q", p.Name, p.Enum)
		}
	}
	if Lookup("id") != nil || Lookup("DisplayName") != nil {
		t.Error("Lookup must find neither the key nor a name in another case")
	}
	all[0] = nil
	if All()[0] != DisplayName {
		t.Error("All hands out the table itself, not a copy")
	}
}

func TestFoldName(t *testing.T) {
	for in, want := range map[string]string{
		"assignedTo": "assignedto", "Assigned To": "assignedto", "ASSIGNED_TO": "assignedto", "assigned-to": "assignedto",
		" assigned\u00a0to\t": "assignedto", "assigned\r\nto": "assignedto", "Task ID": "taskid",
		"": "", "_- ": "", "assigned.to": "assigned.to",
	} {
		if got := FoldName(in); got != want {
			t.Errorf("FoldName(%q) = %q; want %q", in, got, want)
		}
	}
	seen := map[string]string{}
	for _, p := range All() {
		folded := FoldName(p.Name)
		if other := seen[folded]; other != "" {
			t.Errorf("the headers of %s and %s cannot be told apart", p.Name, other)
		}
		seen[folded] = p.Name
	}
}

func TestNearest(t *testing.T) {
	words := []string{"id", "pending", "active", "completed", "rejected"}
	for in, want := range map[string]string{
		"Complet": "completed", "COMPLETD": "completed", "compl": "", "completed": "completed", "activ": "active", "atciv": "",
		"actve": "active", "acitve": "active", "xctivx": "active", "xxtivx": "", "ix": "id", "xx": "", "": "", "pendign": "pending",
	} {
		got, ok := Nearest(in, words)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
	if got, _ := Nearest("?igh", []string{"nigh", "high", "sigh"}); got != "nigh" {
		t.Errorf("of words equally near the first counts; got %q", got)
	}
	const long = "attackSurfaceReductionRules"
	if got, ok := Nearest("???"+long[3:], []string{long}); !ok {
		t.Errorf("three edits in %s are not forgiven, got %q", long, got)
	}
	if got, ok := Nearest("????"+long[4:], []string{long}); ok {
		t.Errorf("four edits are too many even for a long word; got %q", got)
	}
	if got, ok := Nearest("x", nil); ok {
		t.Errorf("Nearest among no words = %q", got)
	}
}
