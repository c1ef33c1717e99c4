package probe

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/secret"
)

// Effect is what became of a PATCH of status.
type Effect string

// What can become of it.
const (
	Works    Effect = "works"
	Ignored  Effect = "ignored" // accepted, and the status stayed
	Refused  Effect = "refused"
	NotTried Effect = "not tried"
)

// Profile is what a probe saw of a tenant's service. Times are in seconds.
type Profile struct {
	Format   int       `json:"format"`
	Tool     string    `json:"tool"`
	Tenant   string    `json:"tenant"`
	Cloud    string    `json:"cloud"`
	ProbedAt time.Time `json:"probedAt"`
	Task     string    `json:"task"`
	Kind     string    `json:"kind"` // its @odata.type

	Writes      int     `json:"writes"`      // requests that it took, repeated ones included
	PatchStatus int     `json:"patchStatus"` // 200 or 204
	PatchBody   string  `json:"patchBody"`   // "new" where the answer holds what was written, "old", or "none"
	ReadLag     float64 `json:"readLag"`     // from the answer until every GET shows the change
	ListLag     float64 `json:"listLag"`     // the same of the list
	StatusPatch Effect  `json:"statusByPatch"`

	EnumsAsDocumented bool              `json:"enumsAsDocumented"`
	Enums             map[string]string `json:"enums,omitempty"` // members that are spelled otherwise than documented, by property
	DateDigits        int               `json:"dateDigits"`      // most digits of a fraction of a second
	ETag              bool              `json:"etag"`
	Limits            map[string]string `json:"limits"` // headers that speak of limits

	Settings map[string]string `json:"settings"` // values of flags that follow
}

// Flags are those that Settings may give a value, whatever else a file names.
var Flags = []string{"settle-within", "reread-after", "status-via"}

// format is the number of the form that a profile has.
const format = 1

// least is the least that --reread-after is set to: a look and its write take time.
const least = 500 * time.Millisecond

// derive fills in the settings. The settling window covers three times the longest lag that was seen. A look shows what was there a
// lag before it, so it may be older by so much less when its write leaves.
func (p *Profile) derive() {
	lag := time.Duration(math.Max(p.ReadLag, p.ListLag) * float64(time.Second))
	window := max(batch.DefaultSettleWithin, (3 * lag).Round(time.Second))
	reread := max(least, batch.DefaultRereadAfter-time.Duration(p.ReadLag*float64(time.Second)).Round(100*time.Millisecond))
	p.Settings = map[string]string{"settle-within": window.String(), "reread-after": reread.String()}
	switch p.StatusPatch {
	case Works:
		p.Settings["status-via"] = string(diff.ViaAuto)
	case Ignored, Refused:
		p.Settings["status-via"] = string(diff.ViaAction)
	}
}

// Write writes a profile as JSON, whole or not at all. Overwrite replaces a file that exists.
func Write(path string, p *Profile, overwrite bool) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the profile: %w", err)
	}
	write := atomicfile.WriteNew
	if overwrite {
		write = atomicfile.Write
	}
	return write(path, append(data, '\n'), 0o600)
}

// mostOfProfile is the size in bytes up to which a profile is read.
const mostOfProfile = 64 << 10

// Read reads a profile that Write wrote.
func Read(path string) (*Profile, error) {
	data, err := secret.Small(path, mostOfProfile, nil)
	if err != nil {
		return nil, err
	}
	p := new(Profile)
	switch err := json.Unmarshal(data, p); {
	case err != nil:
		return nil, fmt.Errorf("%s is no profile: %w", path, err)
	case p.Format != format:
		return nil, fmt.Errorf("%s is no profile of format %d; probe again", path, format)
	}
	return p, nil
}
