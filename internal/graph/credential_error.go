package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// SignInError is why there is no token, reduced to what a person can use. It holds nothing of the request and no secret.
type SignInError struct {
	Kind        SignInKind
	Code        string // such as AADSTS7000215; empty where the issuer gave none
	Message     string
	Trace       string // ids by which Microsoft's support finds the attempt
	Correlation string
	Advice      string // what to do, where that is known
}

func (e *SignInError) Error() string {
	text := "--auth " + string(e.Kind) + ": "
	if e.Code != "" {
		text += e.Code + ": "
	}
	text += e.Message
	var ids []string
	if e.Trace != "" {
		ids = append(ids, "trace id "+e.Trace)
	}
	if e.Correlation != "" {
		ids = append(ids, "correlation id "+e.Correlation)
	}
	if len(ids) > 0 {
		text += " (" + strings.Join(ids, ", ") + ")"
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// adviceFor is what to do about the codes that occur most.
var adviceFor = map[string]string{
	"AADSTS7000215": "the client secret is wrong: take the secret's value, not its id",
	"AADSTS7000222": "the client secret has expired: add a new one to the application",
	"AADSTS700016":  "there is no such application in this tenant: check the client id and the tenant id",
	"AADSTS90002":   "there is no such tenant: check the tenant id and --cloud",
	"AADSTS900023":  "the tenant id is no id and no domain: check it",
	"AADSTS700027":  "the certificate is not registered with the application: upload it there; just after it was replaced this passes by itself, so try again in some minutes",
	"AADSTS7000229": "the application has no service principal in this tenant: an administrator of the tenant consents to it, which makes one",
	"AADSTS650051":  "consent to the application was not given in this tenant: its administrator consents to it",
	"AADSTS700024":  "the assertion is not valid at this time: check this machine's clock",
	"AADSTS65001":   "the permission has no consent: an administrator grants DeviceManagementApps.ReadWrite.All to the application",
	"AADSTS53003":   "conditional access forbids it: an administrator finds the policy in the sign-in log by the correlation id",
	"AADSTS53000":   "conditional access asks for a compliant device: sign in from one",
	"AADSTS50076":   "a second factor is asked for: sign in with --auth interactive or device-code",
	"AADSTS50105":   "the user is not assigned to the application: an administrator assigns them",
	"AADSTS70021":   "the application trusts no such federated token: check issuer, subject and audience of its federated credential",
	"AADSTS700213":  "the application trusts no such federated token: check the subject of its federated credential",
	"AADSTS700082":  "the sign-in has expired: sign in again",
	"AADSTS500011":  "the tenant has no Graph of this cloud: check the tenant id and --cloud",
	"AADSTS7000112": "the application is disabled: an administrator enables it",
	"AADSTS7000218": "the application does not allow this way: switch on its public client flows",
}

// pattern is a regular expression that is compiled when it is first used: most runs need none of these.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

var (
	// looksLikeJWT is a token or an assertion, or the part of one that a cut left.
	looksLikeJWT = pattern(`eyJ[A-Za-z0-9_=-]{8,}(?:\.[A-Za-z0-9_=-]*)*`)

	stsCode     = pattern(`AADSTS[0-9]+`)
	stsSentence = pattern(`(AADSTS[0-9]+): ([^"]*)`)
	stsID       = pattern(`(Trace|Correlation) ID: ?([0-9A-Fa-f-]+)`)
	stsTail     = pattern(`\s*(Trace ID|Correlation ID|Timestamp): ?.*`)
	// quotedAnswer is where MSAL repeats an answer that it could not read.
	quotedAnswer = pattern(`(?si) json decode error\b.*|\bjson message bytes were\b.*|\braw message was\b.*`)
	// answerStatus is the status in azidentity's copy of an answer, whose body may hold anything.
	answerStatus = pattern(`[1-5][0-9][0-9]\b`)
)

// reduce makes a SignInError of whatever azidentity says. Its own text holds the whole answer of the issuer.
func (in SignIn) reduce(err error) error {
	e := &SignInError{Kind: in.Kind}
	var failed *azidentity.AuthenticationFailedError
	text := err.Error()
	switch {
	case strings.Contains(text, "Attempted credentials:"):
		e.attempts(text)
	case errors.As(err, &failed) && failed.RawResponse != nil:
		e.answer(failed.RawResponse)
	default:
		e.Message = plain(text)
		e.sentence(text)
	}
	if e.Advice == "" {
		e.Advice = adviceFor[e.Code]
	}
	if e.Advice == "" {
		e.Advice = adviceOf(in.Kind, e.Message)
	}
	for _, part := range []*string{&e.Message, &e.Trace, &e.Correlation} {
		*part = in.blot(*part)
	}
	return e
}

// sentence takes code, words and ids out of what Entra wrote.
func (e *SignInError) sentence(text string) {
	m := stsSentence().FindStringSubmatch(text)
	if m == nil {
		e.Code = stsCode().FindString(text)
		return
	}
	e.Code, e.Message = m[1], plain(stsTail().ReplaceAllString(strings.ReplaceAll(m[2], `\r\n`, " "), ""))
	for _, id := range stsID().FindAllStringSubmatch(m[2], -1) {
		if id[1] == "Trace" {
			e.Trace = id[2]
		} else {
			e.Correlation = id[2]
		}
	}
}

// answer reads an answer of the issuer, of which nothing but the fields named here is used.
func (e *SignInError) answer(r *http.Response) {
	host := "the sign-in service"
	if r.Request != nil && r.Request.URL != nil {
		host = r.Request.URL.Host
	}
	e.Message = fmt.Sprintf("%s answers with HTTP %d %s", host, r.StatusCode, http.StatusText(r.StatusCode))
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Trace       string `json:"trace_id"`
		Correlation string `json:"correlation_id"`
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxError))
	if err != nil || json.Unmarshal(data, &body) != nil {
		return
	}
	if words := cmp.Or(body.Description, body.Error); words != "" {
		e.Message += ": " + plain(words)
	}
	e.sentence(body.Description)
	e.Trace, e.Correlation = cmp.Or(body.Trace, e.Trace), cmp.Or(body.Correlation, e.Correlation)
}

// wayOf names azidentity's credentials as --auth does, where it can.
var wayOf = map[string]string{
	"EnvironmentCredential": "environment", "WorkloadIdentityCredential": "workload-identity", "ManagedIdentityCredential": "managed-identity",
	"AzureCLICredential": "azure-cli", "AzureDeveloperCLICredential": "Azure Developer CLI", "AzurePowerShellCredential": "Azure PowerShell",
	"ClientSecretCredential": "environment", "ClientCertificateCredential": "environment",
}

// attempts sums up the chain of --auth default: each way that was tried, and why it did not serve.
func (e *SignInError) attempts(text string) {
	_, list, _ := strings.Cut(text, "Attempted credentials:")
	var tried []string
	for _, line := range strings.Split(strings.ReplaceAll(list, "\n\t\t", "\v"), "\n\t") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		line = strings.ReplaceAll(line, "\v", "\n")
		name, why, _ := strings.Cut(line, ":")
		if first, rest, found := strings.Cut(line, " authentication failed."); found && !strings.Contains(first, ":") {
			name, why = first, rest
		}
		one := SignInError{Message: plain(why)}
		if one.sentence(line); one.Code != "" {
			one.Message = one.Code + ": " + one.Message
			e.Code, e.Trace, e.Correlation = one.Code, one.Trace, one.Correlation
		} else if head, rest, found := strings.Cut(why, "\n---"); found {
			one.Message = plain(head) + " answered with HTTP " + answerStatus().FindString(rest)
		}
		tried = append(tried, cmp.Or(wayOf[name], name)+" ("+one.Message+")")
	}
	e.Message = "no way to sign in serves here; tried were " + strings.Join(tried, ", ")
	if e.Advice = adviceFor[e.Code]; e.Code == "" {
		e.Advice = "name one with --auth, or put an access token into TASKRECON_ACCESS_TOKEN"
	}
	e.Code = ""
}

// adviceOf is what to do where there is no code.
func adviceOf(kind SignInKind, message string) string {
	switch {
	case kind == SignInAzureCLI && strings.Contains(message, "not found on path"):
		return "install the Azure CLI and run az login"
	case kind == SignInAzureCLI:
		return "try az login, then az account get-access-token"
	case kind == SignInInteractive && strings.Contains(message, "executable file not found"):
		return "there is no browser here: sign in with --auth device-code"
	case kind == SignInManagedIdentity && strings.Contains(message, "169.254.169.254"):
		return "a managed identity exists only on a machine or service of Azure that was given one"
	}
	return ""
}

// plain makes one line of azidentity's words, without its links, and without the bytes of an answer that was no JSON, which
// may be a token.
func plain(text string) string {
	text = quotedAnswer().ReplaceAllString(text, " the answer of the sign-in service is not its JSON")
	text, _, _ = strings.Cut(text, "To troubleshoot, visit")
	return clip(strings.TrimRight(strings.Join(strings.Fields(text), " "), ". "))
}

// blot hides what must not be seen, wherever the text is from.
func (in SignIn) blot(text string) string {
	for _, s := range []string{in.Secret, in.CertificatePassword} {
		if s != "" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, s, "(secret)"), url.QueryEscape(s), "(secret)")
		}
	}
	return looksLikeJWT().ReplaceAllString(text, "(token)")
}
