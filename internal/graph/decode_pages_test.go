package graph

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// tasksPerPage is a page as large as Graph sends.
const tasksPerPage = 1000

// idMark stands in the one page that is made, where each page has the next ids.
const idMark = "00000000-0000-4000-8000-"

// tenantPages is a list of n tasks as pages of JSON, made one at a time so that a million of them need no room.
type tenantPages struct {
	n     int
	bytes int64 // of the whole list
	made  []byte
	at    []int // of the twelve digits of each id
	body  []byte
}

func newTenantPages(n int) *tenantPages {
	var page bytes.Buffer
	page.WriteString(`{"@odata.context":"https://graph.microsoft.com/beta/$metadata#deviceAppManagement/deviceAppManagementTasks",` +
		`"@odata.count":1000,"@odata.nextLink":"https://graph.microsoft.com/beta/deviceAppManagement/deviceAppManagementTasks?$skiptoken=abc","value":[`)
	for i := range min(n, tasksPerPage) {
		if i > 0 {
			page.WriteByte(',')
		}
		page.WriteString(tenantTask(i))
	}
	page.WriteString(`]}`)
	p := &tenantPages{n: n, made: page.Bytes(), body: make([]byte, page.Len())}
	for from := 0; ; {
		next := bytes.Index(p.made[from:], []byte(idMark))
		if next < 0 {
			break
		}
		from += next + len(idMark)
		p.at = append(p.at, from)
	}
	p.bytes = int64(len(p.made)) * int64(n/min(n, tasksPerPage))
	return p
}

// each calls do with every page in turn, in a buffer that the next page overwrites.
func (p *tenantPages) each(do func(body []byte)) {
	for first := 0; first < p.n; first += len(p.at) {
		copy(p.body, p.made)
		for i, at := range p.at {
			for n, digit := first+i, at+11; n > 0; n, digit = n/10, digit-1 {
				p.body[digit] = byte('0' + n%10)
			}
		}
		do(p.body)
	}
}

// tenantTask is a task as Graph sends it: every property, members that no version of the program knows, and of
// 20 tasks one of another type.
func tenantTask(i int) string {
	one := func(of ...string) string { return of[i%len(of)] }
	if i%20 == 19 {
		return fmt.Sprintf(`{"@odata.type":"#microsoft.graph.appVulnerabilityTask","id":"%s%012d","displayName":"Update application %d",`+
			`"description":null,"createdDateTime":"2026-03-01T08:15:30.1234567Z","category":"advancedThreatProtection","priority":"low",`+
			`"status":"pending","appName":"Reader","appPublisher":"Contoso","mobileAppCount":%d,"insights":"3 devices","remediation":{"kind":"update"}}`,
			idMark, 0, i, i)
	}
	return fmt.Sprintf(`{"@odata.type":"%s","id":"%s%012d",`+
		`"displayName":"Harden endpoint group %d","description":"Raised by the baseline review; see the ticket SEC-%d for the devices.",`+
		`"createdDateTime":"2026-03-%02dT08:15:30.%07dZ","dueDateTime":"2026-%02d-28T17:00:00%s",`+
		`"category":"advancedThreatProtection","priority":"%s","creator":"secops-%d@contoso.example",`+
		`"creatorNotes":"Please apply before the window closes.\nGroup %d","assignedTo":"admin-%d@contoso.example","status":"%s",`+
		`"endpointSecurityPolicy":"%s","applicablePlatform":"%s","endpointSecurityPolicyProfile":"%s",`+
		`"insights":"%d devices without the wanted settings","managedDeviceCount":%d,"lastModifiedBy":"%s","scopeTags":["0","%d"],`+
		`"intendedSettings":[{"@odata.type":"microsoft.graph.keyValuePair","name":"BitLocker","value":"required"},`+
		`{"@odata.type":"microsoft.graph.keyValuePair","name":"MinimumPinLength","value":"%d"},`+
		`{"@odata.type":"microsoft.graph.keyValuePair","name":"RecoveryKeyEscrow","value":"enabled"}]}`,
		task.ODataType, idMark, 0, i, i*7, i%28+1, i*7919%10_000_000, i%12+1, one("Z", ".0000000Z", "+02:00", ".5000000-08:00"),
		one("none", "high", "low"), i%25, i, i%200, one("pending", "active", "completed", "rejected", "paused"),
		one("antivirus", "diskEncryption", "firewall"), one("macOS", "windows10AndLater"), one("antivirus", "bitLocker", "fileVault"),
		i%900, i%5000, one("a@contoso.example", "b@contoso.example"), i%9, i%12)
}

func TestTenantPagesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	newTenantPages(3 * tasksPerPage).each(func(body []byte) {
		for part := range strings.SplitSeq(string(body), idMark) {
			if len(part) > 12 && part[:1] == "0" {
				seen[part[:12]] = true
			}
		}
	})
	if len(seen) != 3*tasksPerPage {
		t.Errorf("%d ids in three pages; want %d", len(seen), 3*tasksPerPage)
	}
}
