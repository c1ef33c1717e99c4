package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/screen"
	"taskrecon/internal/secret"
	"taskrecon/internal/text"
)

const signInFlags = "Sign-in"

// Variables that have no flag, since flags are seen by every user of the machine.
const (
	tokenVariable    = "TASKRECON_ACCESS_TOKEN"
	secretVariable   = "AZURE_CLIENT_SECRET"
	passwordVariable = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	workbookVariable = "TASKRECON_WORKBOOK_PASSWORD"
)

// secretVariables hold what no flag and no configuration file may hold.
var secretVariables = []string{tokenVariable, workbookVariable, secretVariable, passwordVariable}

// azureVariables give flags without a value theirs, as in Azure's own tools.
var azureVariables = map[string]string{
	"tenant-id": "AZURE_TENANT_ID", "client-id": "AZURE_CLIENT_ID",
	"client-certificate": "AZURE_CLIENT_CERTIFICATE_PATH", "federated-token-file": "AZURE_FEDERATED_TOKEN_FILE",
}

func flagsOfSignIn() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "auth", Category: signInFlags, Usage: "how to sign in, by `KIND`: " + kindList(graph.SignInKinds(), ", ") + " (if not given: token where TASKRECON_ACCESS_TOKEN is set, and with --graph-url; else default, which tries what is at hand)"},
		&cli.StringFlag{Name: "tenant-id", Category: signInFlags, Usage: "`ID` or domain of the tenant (or AZURE_TENANT_ID)"},
		&cli.StringFlag{Name: "client-id", Category: signInFlags, Usage: "`ID` of the application, or of the managed identity (or AZURE_CLIENT_ID)"},
		&cli.StringFlag{Name: "client-secret-file", Category: signInFlags, Usage: "the client secret is in `FILE`, which only you may read (or in AZURE_CLIENT_SECRET)"},
		&cli.StringFlag{Name: "client-secret-command", Category: signInFlags, Usage: "the client secret is the first line that `COMMAND` prints; neither is recorded"},
		&cli.StringFlag{Name: "client-certificate", Category: signInFlags, Usage: "certificate and key are in `FILE`, PEM or PKCS #12 (or AZURE_CLIENT_CERTIFICATE_PATH; password in AZURE_CLIENT_CERTIFICATE_PASSWORD)"},
		&cli.StringFlag{Name: "federated-token-file", Category: signInFlags, Usage: "the workload's token is in `FILE` (or AZURE_FEDERATED_TOKEN_FILE)"},
		&cli.StringFlag{Name: "access-token-file", Category: signInFlags, Usage: "the access token is in `FILE`, read again when it ends (or in TASKRECON_ACCESS_TOKEN)"},
		&cli.StringFlag{Name: "access-token-command", Category: signInFlags, Usage: "the access token is the first line that `COMMAND` prints, run again when it ends; neither is recorded"},
	}
}

// signInUses says which ways to sign in a flag goes with.
var signInUses = []struct {
	flag  string
	kinds []graph.SignInKind
}{
	{"tenant-id", []graph.SignInKind{
		graph.SignInSecret, graph.SignInCertificate, graph.SignInWorkloadIdentity, graph.SignInAzureCLI,
		graph.SignInDeviceCode, graph.SignInInteractive, graph.SignInDefault,
	}},
	{"client-id", []graph.SignInKind{
		graph.SignInSecret, graph.SignInCertificate, graph.SignInWorkloadIdentity, graph.SignInManagedIdentity,
		graph.SignInDeviceCode, graph.SignInInteractive,
	}},
	{"client-secret-file", []graph.SignInKind{graph.SignInSecret}},
	{"client-secret-command", []graph.SignInKind{graph.SignInSecret}},
	{"client-certificate", []graph.SignInKind{graph.SignInCertificate}},
	{"federated-token-file", []graph.SignInKind{graph.SignInWorkloadIdentity}},
	{"access-token-file", []graph.SignInKind{graph.SignInToken}},
	{"access-token-command", []graph.SignInKind{graph.SignInToken}},
}

// credential signs in as the flags say, to call root. Nothing is called yet. The caller closes a Session.
func (p *program) credential(c *cli.Context, cloud graph.Cloud, root *url.URL) (graph.Credential, error) {
	kind, err := p.signInKind(c)
	if err != nil {
		return nil, err
	}
	if c.String("sandbox") != "" {
		return graph.StaticToken("sandbox"), nil
	}
	for _, use := range signInUses {
		if c.String(use.flag) != "" && !slices.Contains(use.kinds, kind) {
			return nil, usage("--%s does not go with --auth %s, but with %s", use.flag, kind, kindList(use.kinds, ", "))
		}
	}
	if kind == graph.SignInToken && c.String("access-token-file") == "" && c.String("access-token-command") == "" {
		token := strings.TrimSpace(p.env[tokenVariable])
		if token == "" {
			return nil, exit.Errorf(exit.Failed, "put an access token for "+root.Host+" into "+tokenVariable+", or sign in another way (--auth)", "no access token: %s is not set", tokenVariable)
		}
		return graph.StaticToken(token), nil
	}
	in, err := p.signIn(c, kind, cloud, root)
	if err != nil {
		return nil, err
	}
	session, err := graph.NewCredential(in)
	if err != nil {
		return nil, exit.Errorf(exit.Usage, "see taskrecon "+c.Command.Name+" --help", "%w", err)
	}
	return session, nil
}

// signInKind is what --auth says; without it, a token if there is one or Graph is a stand-in, else whatever is at hand.
func (p *program) signInKind(c *cli.Context) (graph.SignInKind, error) {
	if name := c.String("auth"); name != "" {
		kind, err := graph.ParseSignIn(name)
		if err != nil {
			return "", usage("--auth %s", err.Error())
		}
		return kind, nil
	}
	for _, flag := range []string{"sandbox", "graph-url", "access-token-file", "access-token-command"} {
		if c.String(flag) != "" {
			return graph.SignInToken, nil
		}
	}
	if p.env[tokenVariable] != "" {
		return graph.SignInToken, nil
	}
	return graph.SignInDefault, nil
}

// signIn gathers what NewCredential is to know, from flags and the usual variables.
func (p *program) signIn(c *cli.Context, kind graph.SignInKind, cloud graph.Cloud, root *url.URL) (graph.SignIn, error) {
	in := graph.SignIn{
		Kind: kind, Cloud: cloud, TenantID: p.setting(c, "tenant-id"), ClientID: p.setting(c, "client-id"),
		FederatedTokenFile: p.setting(c, "federated-token-file"),
		Secret:             strings.TrimRight(p.env[secretVariable], "\r\n"), CertificatePassword: p.env[passwordVariable],
	}
	if kind == graph.SignInToken {
		var err error
		in.Source, err = p.tokenSource(c)
		return in, err
	}
	// A token of Entra's opens Graph to its bearer: it goes to the cloud's Graph, or stays on this machine.
	if !graph.IsLoopback(root) && root.String() != cloud.Graph {
		return in, usage("--auth %s fetches tokens for %s, which go nowhere else; --graph-url names %q: use --auth token there, or the --cloud that it belongs to", kind, cloud.Graph, root.Host)
	}
	if in.Authority = p.env["AZURE_AUTHORITY_HOST"]; in.Authority != "" {
		if name := graph.LoginCloud(in.Authority); name != "" && !graph.SameLogin(in.Authority, cloud) {
			return in, usage("AZURE_AUTHORITY_HOST is %q, that of --cloud %s; --cloud %s signs in at %s: make the two agree", in.Authority, name, cloud.Name, cloud.Login)
		}
	}
	switch kind {
	case graph.SignInSecret:
		return in, p.clientSecret(c, &in)
	case graph.SignInCertificate:
		return in, p.clientCertificate(c, &in)
	case graph.SignInDeviceCode, graph.SignInInteractive:
		if !screen.IsTerminal(p.stderr) {
			return in, usage("--auth %s needs a person at a terminal, and there is none; unattended runs sign in with secret, certificate, managed-identity or workload-identity", kind)
		}
		in.Prompt = func(_ context.Context, message string) error {
			_, err := fmt.Fprintln(p.stderr, text.Line(message))
			return err
		}
	}
	return in, nil
}

// setting is the value of a flag, else of the variable that Azure's tools share.
func (p *program) setting(c *cli.Context, flag string) string {
	return cmp.Or(c.String(flag), p.env[azureVariables[flag]])
}

func kindList(kinds []graph.SignInKind, between string) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, between)
}

// secrets is where secrets are read.
func (p *program) secrets() secret.Source { return secret.Source{Env: p.env} }

// clientSecret finds the application's secret. The file or the command goes before the variable.
func (p *program) clientSecret(c *cli.Context, in *graph.SignIn) error {
	file, command := c.String("client-secret-file"), c.String("client-secret-command")
	if file != "" && command != "" {
		return usage("--client-secret-file and --client-secret-command exclude each other")
	}
	var err error
	switch {
	case file != "":
		if in.Secret, err = p.secrets().Line(file); err != nil {
			return usage("--client-secret-file: %s", err.Error())
		}
	case command != "":
		if in.Secret, err = p.secrets().Printed(c.Context, command); err != nil {
			return usage("--client-secret-command: %s", err.Error())
		}
	}
	return nil
}

func (p *program) clientCertificate(c *cli.Context, in *graph.SignIn) error {
	in.CertificateName = p.setting(c, "client-certificate")
	if in.CertificateName == "" {
		return nil
	}
	var err error
	if in.Certificate, err = p.secrets().File(in.CertificateName); err != nil {
		return usage("--client-certificate: %s", err.Error())
	}
	return nil
}

// tokenSource returns a function that reads an access token from where the flags say, again at each call, since it may be renewed there.
func (p *program) tokenSource(c *cli.Context) (func(context.Context) (string, error), error) {
	file, command := c.String("access-token-file"), c.String("access-token-command")
	if file != "" && command != "" {
		return nil, usage("--access-token-file and --access-token-command exclude each other")
	}
	if file != "" {
		return func(context.Context) (string, error) {
			token, err := p.secrets().Line(file)
			if err != nil {
				return "", fmt.Errorf("--access-token-file: %w", err)
			}
			return token, nil
		}, nil
	}
	return func(ctx context.Context) (string, error) {
		token, err := p.secrets().Printed(ctx, command)
		if err != nil {
			return "", fmt.Errorf("--access-token-command: %w", err)
		}
		return token, nil
	}, nil
}
