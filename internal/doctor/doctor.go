package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/job"
	"taskrecon/internal/task"
)

// Config is the set-up that RunChecks looks at.
type Config struct {
	Client   *graph.Client
	Cloud    string
	Graph    *url.URL
	Login    *url.URL // who issues the tokens; nil where none is asked
	TenantID string   // the tenant that was asked for; "" is any
	StandIn  bool     // not one of Microsoft's clouds, so that a token for anybody may do
}

// The skew of the clock that is warned of, and the one at which tokens are refused.
const (
	skewWarned  = 30 * time.Second
	skewRefused = 5 * time.Minute
)

// Permissions of which one is needed; the first permits to apply, the second to look.
const (
	permissionWrite = "DeviceManagementApps.ReadWrite.All"
	permissionRead  = "DeviceManagementApps.Read.All"
)

// graphAppID is Microsoft Graph's own application, which is the audience in some tokens.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// RunChecks checks a set-up in the order in which its parts need each other, and reports each check as it ends. It reads one page
// of tasks and changes nothing.
func RunChecks(ctx context.Context, c Config, report func(job.Check)) []job.Check {
	d := &doctor{Config: c, report: report}
	d.network(ctx)
	d.clock()
	d.token(ctx)
	d.audience()
	d.tenant()
	d.permissions()
	d.read(ctx)
	return d.checks
}

type doctor struct {
	Config
	report func(job.Check)
	checks []job.Check

	graph graph.DialResult
	who   graph.Identity
	known bool // who is known: there is a token, and its claims can be read
	got   bool // there is a token
}

func (d *doctor) say(name string, status job.CheckStatus, fix, found string, args ...any) {
	c := job.Check{Name: name, Status: status, Fix: fix, Found: fmt.Sprintf(found, args...)}
	d.checks = append(d.checks, c)
	d.report(c)
}

func (d *doctor) network(ctx context.Context) {
	d.graph = d.Client.Dial(ctx, d.Graph)
	d.reached("network", d.Graph, d.graph)
	if d.Login != nil && d.Login.Host != d.Graph.Host {
		d.reached("sign-in network", d.Login, d.Client.Dial(ctx, d.Login))
	}
}

// reachFixes say what to do about the step at which the way to a server ends.
var reachFixes = map[string]string{
	"name":       "check the name, DNS, and whether a proxy is needed (HTTPS_PROXY)",
	"connection": "check firewall and proxy (HTTPS_PROXY): port 443 must be open to this host",
	"TLS":        "the certificate is not that of this host, or a proxy breaks TLS: install its root certificate on this machine (SSL_CERT_FILE)",
	"answer":     "something on the way takes the connection and does not answer: check the proxy",
}

func (d *doctor) reached(name string, to *url.URL, r graph.DialResult) {
	if r.Err != nil {
		d.say(name, job.CheckFailed, reachFixes[r.Step], "%s cannot be reached, it ends at the %s: %s", to.Host, r.Step, r.Err)
		return
	}
	words := ""
	if r.TLS != "" {
		words = ", " + r.TLS
	}
	d.say(name, job.CheckOK, "", "%s answers at %s%s", to.Host, r.Address, words)
}

func (d *doctor) clock() {
	const fix = "set this machine's clock by NTP; tokens are valid for minutes"
	ahead := d.graph.Ahead.Round(time.Second)
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	switch {
	case d.graph.Err != nil:
		d.say("clock", job.CheckSkipped, "", "there is no answer to compare with")
	case !d.graph.Clock:
		d.say("clock", job.CheckSkipped, "", "the server does not say what time it has")
	case ahead.Abs() >= skewRefused:
		d.say("clock", job.CheckFailed, fix, "%s %s the server: sign-in is refused", ahead.Abs(), side)
	case ahead.Abs() >= skewWarned:
		d.say("clock", job.CheckWarning, fix, "%s %s the server", ahead.Abs(), side)
	default:
		d.say("clock", job.CheckOK, "", "within %s of the server", max(ahead.Abs(), time.Second))
	}
}

func (d *doctor) token(ctx context.Context) {
	who, err := d.Client.Identity(ctx)
	if err != nil {
		d.say("token", job.CheckFailed, "check --auth and what it needs; see taskrecon doctor --help", "%s", err)
		return
	}
	d.got, d.who, d.known = true, who, who.Actor != "" || who.Tenant != ""
	left := time.Until(who.Expires).Round(time.Second)
	switch {
	case !d.known:
		d.say("token", job.CheckOK, "", "there is one; it does not say whose it is")
	case !who.Expires.IsZero() && left <= 0:
		d.say("token", job.CheckFailed, "get a new one", "it ended %s ago", -left)
	case !who.Expires.IsZero() && left < 10*time.Minute:
		d.say("token", job.CheckWarning, "a long run outlives it, unless its credential can get another (--auth)", "%s, for %s more", actorWords(who), left)
	case !who.Expires.IsZero():
		d.say("token", job.CheckOK, "", "%s, for %s more", actorWords(who), left)
	default:
		d.say("token", job.CheckOK, "", "%s", actorWords(who))
	}
}

func actorWords(who graph.Identity) string {
	kind := "for the user"
	if who.AppOnly {
		kind = "for the application"
	}
	return kind + " " + who.Actor
}

// skipped says so where nothing is known of the token.
func (d *doctor) skipped(name string) bool {
	switch {
	case !d.got:
		d.say(name, job.CheckSkipped, "", "there is no token")
	case !d.known:
		d.say(name, job.CheckSkipped, "", "the token does not say")
	}
	return !d.got || !d.known
}

func (d *doctor) audience() {
	if d.skipped("audience") {
		return
	}
	root := d.Graph.Scheme + "://" + d.Graph.Host
	aud := strings.TrimRight(d.who.Audience, "/")
	switch {
	case strings.EqualFold(aud, root) || aud == graphAppID:
		d.say("audience", job.CheckOK, "", "the token is for %s", d.who.Audience)
	case d.StandIn:
		d.say("audience", job.CheckWarning, "", "the token is for %q; a stand-in may take it, Graph does not", d.who.Audience)
	default:
		d.say("audience", job.CheckFailed, "ask for the scope "+root+"/.default, or name the cloud that the token is for (--cloud)",
			"the token is for %q, not for %s", d.who.Audience, root)
	}
}

func (d *doctor) tenant() {
	if d.skipped("tenant") {
		return
	}
	wanted := d.TenantID
	switch {
	case d.who.Tenant == "":
		d.say("tenant", job.CheckWarning, "", "the token does not say")
	case wanted == "" || strings.EqualFold(wanted, d.who.Tenant):
		d.say("tenant", job.CheckOK, "", "%s", d.who.Tenant)
	case strings.Contains(wanted, "."): // a domain, which only the directory can translate
		d.say("tenant", job.CheckOK, "", "%s, asked for as %s", d.who.Tenant, wanted)
	default:
		d.say("tenant", job.CheckFailed, "sign in to the tenant that is meant, or correct --tenant-id (AZURE_TENANT_ID)",
			"the token is for %s, not for %s", d.who.Tenant, wanted)
	}
}

func (d *doctor) permissions() {
	if d.skipped("permissions") {
		return
	}
	all := append(slices.Clone(d.who.Roles), d.who.Scopes...)
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, name) })
	}
	kind := "delegated"
	if d.who.AppOnly {
		kind = "application"
	}
	fix := fmt.Sprintf("grant the %s permission %s (for plan and export %s is enough) to %s, with admin consent", kind, permissionWrite, permissionRead, d.who.Actor)
	list := strings.Join(all, ", ")
	switch {
	case has(permissionWrite):
		d.say("permissions", job.CheckOK, "", "%s", permissionWrite)
	case has(permissionRead):
		d.say("permissions", job.CheckWarning, fix, "%s: enough for plan and export, not for apply", permissionRead)
	case list == "":
		d.say("permissions", job.CheckFailed, fix, "the token has none")
	default:
		d.say("permissions", job.CheckFailed, fix, "the token has %s", list)
	}
}

// refusedFixes say what to do about a refusal of the list, by its HTTP status.
var refusedFixes = map[int]string{
	401: "the service does not take this token: look at audience, tenant and clock above",
	403: "the permission is missing or not consented, or the tenant has no Intune license",
	404: "the address is not Graph's, or this cloud does not have deviceAppManagementTasks: check --cloud and --graph-url",
}

func (d *doctor) read(ctx context.Context) {
	if !d.got || d.graph.Err != nil {
		d.say("read", job.CheckSkipped, "", "there is no way to ask")
		return
	}
	g, err := d.Client.ProbeList(ctx)
	var refused *graph.Error
	switch {
	case errors.As(err, &refused) && refused.Status == 429:
		d.say("read", job.CheckWarning, "others use the tenant's quota: wait, or lower --write-limit", "the service throttles: %s", refused)
	case errors.As(err, &refused):
		fix := cmp.Or(refused.Advice(), refusedFixes[refused.Status], "the service has trouble: try again later")
		d.say("read", job.CheckFailed, fix, "%s", refused)
	case err != nil:
		d.say("read", job.CheckFailed, "check what answers there: it does not speak as Graph does", "%s", err)
	default:
		more := ""
		if g.More {
			more = ", and further pages"
		}
		d.say("read", job.CheckOK, "", "%s on the first page%s, %d of them managed, in %s", task.Plural(g.Tasks, "task"), more, g.Ours, g.Took.Round(time.Millisecond))
	}
	d.quota(g)
}

func (d *doctor) quota(g graph.ListProbe) {
	if len(g.Quota) == 0 {
		d.say("quota", job.CheckOK, "", "the service says nothing of it, which is usual below 80 %%")
		return
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(g.Quota)) {
		words = append(words, name+" "+g.Quota[name])
	}
	d.say("quota", job.CheckWarning, "other applications use the tenant's quota, or this one just did", "%s", strings.Join(words, ", "))
}

// Verdict sums checks up: in words, or as an error that names those which failed.
func Verdict(checks []job.Check) (reason string, err error) {
	var failed, warned []string
	for _, c := range checks {
		switch c.Status {
		case job.CheckFailed:
			failed = append(failed, c.Name)
		case job.CheckWarning:
			warned = append(warned, c.Name)
		}
	}
	if len(failed) > 0 {
		return "", exit.Errorf(exit.Failed, "", "the set-up does not work: %s", strings.Join(failed, ", "))
	}
	reason = "the set-up works"
	if len(warned) > 0 {
		reason += "; look at " + strings.Join(warned, ", ")
	}
	return reason, nil
}
