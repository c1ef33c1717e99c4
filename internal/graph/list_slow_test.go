package graph

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/task"
)

// plainPage holds what a page has, as encoding/json reads it without any of the program's care.
type plainPage struct {
	Value []struct {
		Type                          string  `json:"@odata.type"`
		ID                            string  `json:"id"`
		DisplayName                   *string `json:"displayName"`
		Description                   *string `json:"description"`
		CreatedDateTime               string  `json:"createdDateTime"`
		DueDateTime                   string  `json:"dueDateTime"`
		Category                      string  `json:"category"`
		Priority                      string  `json:"priority"`
		Creator                       *string `json:"creator"`
		CreatorNotes                  *string `json:"creatorNotes"`
		AssignedTo                    *string `json:"assignedTo"`
		Status                        string  `json:"status"`
		EndpointSecurityPolicy        string  `json:"endpointSecurityPolicy"`
		ApplicablePlatform            string  `json:"applicablePlatform"`
		EndpointSecurityPolicyProfile string  `json:"endpointSecurityPolicyProfile"`
		Insights                      *string `json:"insights"`
		ManagedDeviceCount            int32   `json:"managedDeviceCount"`
		IntendedSettings              []struct {
			Name  string  `json:"name"`
			Value *string `json:"value"`
		} `json:"intendedSettings"`
	} `json:"value"`
	Next string `json:"@odata.nextLink"`
}

// tenantPage is a page of 1,000 tasks as Graph sends them.
func tenantPage() []byte {
	tasks := make([]string, 1000)
	for i := range tasks {
		tasks[i] = fmt.Sprintf(`{"@odata.type":"%s","id":"00000000-0000-4000-8000-%012d","displayName":"Harden endpoint group %d",`+
			`"description":"Raised by the baseline review; see the ticket SEC-%d for the devices.","createdDateTime":"2026-03-01T08:15:30.%07dZ",`+
			`"dueDateTime":"2026-07-28T17:00:00Z","category":"advancedThreatProtection","priority":"high","creator":"secops-%d@contoso.example",`+
			`"creatorNotes":"Please apply before the window closes.\nGroup %d","assignedTo":"admin-%d@contoso.example","status":"pending",`+
			`"endpointSecurityPolicy":"firewall","applicablePlatform":"macOS","endpointSecurityPolicyProfile":"fileVault",`+
			`"insights":"%d devices without the wanted settings","managedDeviceCount":%d,"scopeTags":["0"],`+
			`"intendedSettings":[{"@odata.type":"microsoft.graph.keyValuePair","name":"BitLocker","value":"required"},`+
			`{"@odata.type":"microsoft.graph.keyValuePair","name":"MinimumPinLength","value":"%d"}]}`,
			task.ODataType, i, i, i*7, i, i%25, i, i%200, i%900, i, i%12)
	}
	return []byte(`{"@odata.context":"x","value":[` + strings.Join(tasks, ",") + `]}`)
}

// A list of 100,000 tasks is read in the time that encoding/json takes to fill plain structs. Each is the best of several runs in turn, since
// other work on the machine only ever adds. TASKRECON_SLOW asks for it.
func TestListIsReadFast(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	const most = 1.0
	body := tenantPage()
	hundred := func(read func() error) time.Duration {
		runtime.GC()
		began := time.Now()
		for range 100 {
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(began)
	}
	reference, ours := time.Hour, time.Hour
	for range 5 {
		reference = min(reference, hundred(func() error { return json.Unmarshal(body, new(plainPage)) }))
		ours = min(ours, hundred(func() error { _, err := readPage(body); return err }))
	}
	ratio := float64(ours) / float64(reference)
	t.Logf("FIGURE | list 100,000 tasks | %s | %s (encoding/json into structs) | %.2f | %.2f | |", ours.Round(time.Millisecond), reference.Round(time.Millisecond), ratio, most)
	if ratio > most {
		t.Errorf("%.2f of the reference's time; want at most %.2f", ratio, most)
	}
}
