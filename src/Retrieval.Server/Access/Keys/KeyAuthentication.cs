using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Access.Keys;

/// <summary>Finds out who sends a request by the key that it presents.</summary>
internal sealed class KeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> monitor, ILoggerFactory loggers, UrlEncoder encoder, ServerOptions options, KeyRing ring)
    : AuthenticationHandler<AuthenticationSchemeOptions>(monitor, loggers, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        !options.AsksForKeys ? Known(Caller.Anyone, [Role.Admin])
        : Credential.Of(Request) switch
        {
            { Fault: { } fault } => Refused(AccessRefusal.Malformed(fault)),
            { IsEmpty: true } => Refused(AccessRefusal.Missing),
            var credential => Of(ring.Find(credential.Text)),
        });

    private AuthenticateResult Of(KeyOutcome outcome) => outcome.Key is { } key
        ? Known(new Caller(CallerKind.Key, key.Name, key), key.Roles)
        : Refused(outcome.Refusal == KeyRefusal.Expired ? AccessRefusal.Expired : AccessRefusal.Unknown);

    // No failure of the framework's, which logs two lines for each.
    private AuthenticateResult Refused(AccessRefusal refusal)
    {
        Context.Features.Set(refusal);
        return AuthenticateResult.NoResult();
    }

    private AuthenticateResult Known(Caller caller, IEnumerable<Role> roles)
    {
        Context.Features.Set(caller);
        var identity = new ClaimsIdentity(AccessClaims.Of(roles), Scheme.Name, ClaimTypes.Name, AccessClaims.Role);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }
}
