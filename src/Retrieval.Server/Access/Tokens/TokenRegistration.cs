using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Retrieval.Server.Configuration;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Access.Tokens;

/// <summary>Tokens of an identity provider, checked by the framework: signature, issuer, audience, times.</summary>
internal static class TokenRegistration
{
    private static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);
    private const long LargestKeySet = 1 << 20;

    // The least that the library allows: so long at most does a key count that was taken out of the set.
    private static readonly TimeSpan ReadAgain = ConfigurationManager<OpenIdConnectConfiguration>.MinimumAutomaticRefreshInterval;

    // For a key that is not known, at most this often: anybody can send one.
    private static readonly TimeSpan ReadForUnknown = TimeSpan.FromSeconds(30);

    // Asymmetric ones alone: with a shared secret whoever can check a token can also make one.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static AuthenticationBuilder AddTokens(this AuthenticationBuilder authentication, JwtOptions jwt) => authentication.AddJwtBearer(AccessSchemes.Tokens, bearer =>
    {
        bearer.MapInboundClaims = false;
        bearer.ConfigurationManager = KeySet(jwt);
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = jwt.Issuer,
            ValidAudience = jwt.Audience,
            ValidAlgorithms = Algorithms,
            ClockSkew = TimeSpan.FromSeconds(jwt.ClockSkewSeconds),
            RequireExpirationTime = true,
            RequireSignedTokens = true,
        };
        bearer.Events = new JwtBearerEvents
        {
            OnAuthenticationFailed = async failed =>
            {
                failed.HttpContext.Features.Set(await RefusalAsync(failed.Exception, bearer.ConfigurationManager, failed.HttpContext.RequestAborted).ConfigureAwait(false));
                failed.NoResult();
            },
            OnTokenValidated = valid =>
            {
                Take(valid, jwt);
                return Task.CompletedTask;
            },
        };
    });

    private static ConfigurationManager<OpenIdConnectConfiguration> KeySet(JwtOptions jwt) => new(
        jwt.KeySet,
        new KeySetRetriever(jwt.Issuer),
        jwt.IsAddress
            ? new HttpDocumentRetriever(new HttpClient { Timeout = LongestFetch, MaxResponseContentBufferSize = LargestKeySet }) { RequireHttps = false } // The validator takes http for loopback alone.
            : new FileDocumentRetriever())
    {
        AutomaticRefreshInterval = ReadAgain,
        RefreshInterval = ReadForUnknown,

        // Otherwise a set that was replaced counts for an hour more.
        UseLastKnownGoodConfiguration = false,
    };

    // The library reports a token whose key it does not find, whether the set lacks it or could not be read.
    private static async Task<AccessRefusal> RefusalAsync(Exception exception, IConfigurationManager<OpenIdConnectConfiguration> keySet, CancellationToken cancellationToken)
    {
        if (exception is SecurityTokenSignatureKeyNotFoundException)
        {
            try
            {
                _ = await keySet.GetConfigurationAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception unread) when (unread is InvalidOperationException or IOException)
            {
                return AccessRefusal.NoKeySet;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody waits for an answer.
                return AccessRefusal.NoKeySet;
            }
        }

        return Refusal(exception);
    }

    private static AccessRefusal Refusal(Exception exception) => exception switch
    {
        SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => AccessRefusal.ExpiredToken,
        SecurityTokenInvalidIssuerException => AccessRefusal.InvalidToken("another issuer"),
        SecurityTokenInvalidAudienceException => AccessRefusal.InvalidToken("for another audience"),
        SecurityTokenMalformedException or ArgumentException => AccessRefusal.Unknown,
        SecurityTokenException => AccessRefusal.InvalidToken("its signature cannot be verified"),
        _ => AccessRefusal.NoKeySet,
    };

    private static void Take(TokenValidatedContext valid, JwtOptions jwt)
    {
        var token = valid.Principal!;
        var name = token.FindFirst(jwt.NameClaim)?.Value;
        if (string.IsNullOrWhiteSpace(name))
        {
            valid.HttpContext.Features.Set(AccessRefusal.InvalidToken($"it has no claim {jwt.NameClaim}"));
            valid.NoResult();
            return;
        }

        // Some issuers write a list, some one text with spaces. An object's JSON has spaces too, and names no roles.
        var roles = token.FindAll(jwt.RolesClaim).Where(claim => claim.ValueType == ClaimValueTypes.String).SelectMany(claim => claim.Value.Split(' ')).Select(Roles.Find).OfType<Role>().Distinct();
        valid.Principal = new ClaimsPrincipal(new ClaimsIdentity(AccessClaims.Of(roles), AccessSchemes.Tokens, ClaimTypes.Name, AccessClaims.Role));
        valid.HttpContext.Features.Set(new Caller(CallerKind.Token, LogText.Of(name)));
    }
}
