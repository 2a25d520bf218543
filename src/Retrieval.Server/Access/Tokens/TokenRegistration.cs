using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Retrieval.Server.Configuration;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Access.Tokens;

/// <summary>Tokens of an identity provider, checked by the framework: signature, issuer, audience, times.</summary>
internal static class TokenRegistration
{
    // Asymmetric ones alone: with a shared secret whoever can check a token can also make one.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static void AddTokens(this AuthenticationBuilder authentication, JwtOptions jwt)
    {
        authentication.Services.AddSingleton(jwt);
        authentication.Services.AddSingleton<KeySet>();
        authentication.AddJwtBearer(AccessSchemes.Tokens, _ => { });
        authentication.Services.AddOptions<JwtBearerOptions>(AccessSchemes.Tokens).Configure<KeySet>((bearer, keySet) => Configure(bearer, jwt, keySet));
    }

    private static void Configure(JwtBearerOptions bearer, JwtOptions jwt, KeySet keySet)
    {
        bearer.MapInboundClaims = false;
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = jwt.Issuer,
            ValidAudience = jwt.Audience,
            ValidAlgorithms = Algorithms,
            ClockSkew = TimeSpan.FromSeconds(jwt.ClockSkewSeconds),
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            IssuerSigningKeyResolver = (_, _, keyId, _) => keySet.Candidates(keyId),
        };
        bearer.Events = new JwtBearerEvents
        {
            OnMessageReceived = received => ReceiveAsync(received, keySet),
            OnAuthenticationFailed = failed =>
            {
                failed.HttpContext.Features.Set(Refusal(failed.Exception));
                failed.NoResult();
                return Task.CompletedTask;
            },
            OnTokenValidated = valid =>
            {
                Take(valid, jwt);
                return Task.CompletedTask;
            },
        };
    }

    // What has not the form of a token does not make anybody fetch keys.
    private static async Task ReceiveAsync(MessageReceivedContext received, KeySet keySet)
    {
        received.Token = Credential.Of(received.Request).Text;
        var form = TokenForm.Of(received.Token);
        var refusal = form.Refusal;
        try
        {
            refusal ??= await keySet.KeysAsync(form.KeyId, received.HttpContext.RequestAborted).ConfigureAwait(false) is null ? AccessRefusal.NoKeySet : null;
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for an answer.
            refusal = AccessRefusal.NoKeySet;
        }

        if (refusal is not null)
        {
            received.HttpContext.Features.Set(refusal);
            received.NoResult();
        }
    }

    private static AccessRefusal Refusal(Exception exception) => exception switch
    {
        SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => AccessRefusal.ExpiredToken,
        SecurityTokenInvalidIssuerException => AccessRefusal.InvalidToken("another issuer"),
        SecurityTokenInvalidAudienceException => AccessRefusal.InvalidToken("for another audience"),
        SecurityTokenInvalidLifetimeException => AccessRefusal.InvalidToken("it is valid at no time"),
        SecurityTokenException => AccessRefusal.InvalidToken("its signature cannot be verified"),
        _ => AccessRefusal.Malformed("the token is malformed: its header or its claims are not those of a signed JWT"),
    };

    private static void Take(TokenValidatedContext valid, JwtOptions jwt)
    {
        var token = valid.Principal!;
        var names = token.FindAll(jwt.NameClaim).ToList();
        if (names is not [{ Value: var name, ValueType: not (JsonClaimValueTypes.Json or JsonClaimValueTypes.JsonArray or JsonClaimValueTypes.JsonNull) }] || string.IsNullOrWhiteSpace(name))
        {
            valid.HttpContext.Features.Set(AccessRefusal.InvalidToken(names.Count == 0 ? $"it has no claim {jwt.NameClaim}" : $"its claim {jwt.NameClaim} is not one text with a name"));
            valid.NoResult();
            return;
        }

        // Some issuers write a list, some one text with spaces. An object's JSON has spaces too, and names no roles.
        var roles = token.FindAll(jwt.RolesClaim).Where(claim => claim.ValueType == ClaimValueTypes.String).SelectMany(claim => claim.Value.Split(' ')).Select(Roles.Find).OfType<Role>().Distinct().ToList();
        valid.Principal = new ClaimsPrincipal(new ClaimsIdentity(AccessClaims.Of(roles), AccessSchemes.Tokens, ClaimTypes.Name, AccessClaims.Role));
        valid.HttpContext.Features.Set(new Caller(CallerKind.Token, LogText.Name(name))
        {
            WithoutRoles = roles.Count > 0 ? null : $"the token's claim {jwt.RolesClaim} {(token.HasClaim(claim => claim.Type == jwt.RolesClaim) ? "names none of the roles here" : "is missing")}",
        });
    }
}
