using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Access;

/// <summary>
/// Which role an endpoint takes. What says nothing is denied to everybody: a route that somebody adds and forgets is closed, not open.
/// </summary>
internal static class AccessPolicies
{
    public static void Configure(AuthorizationOptions authorization)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            authorization.AddPolicy(Roles.NameOf(role), policy => policy.RequireClaim(AccessClaims.Role, Roles.NameOf(role)));
        }

        // Paths that lead nowhere, and methods that a path does not take, are told so to everybody who is known.
        authorization.FallbackPolicy = new AuthorizationPolicyBuilder(AccessSchemes.Any)
            .RequireAuthenticatedUser()
            .RequireAssertion(context => context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint)
            .Build();
        authorization.DefaultPolicy = authorization.FallbackPolicy;
    }

    /// <summary>Opens an endpoint, or all of a group, to a role. Of several, each is required.</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(Roles.NameOf(role)).WithMetadata(
            new TakesRole(role),
            new ProducesResponseTypeMetadata(StatusCodes.Status401Unauthorized, typeof(Problem), [Problem.MediaType]),
            new ProducesResponseTypeMetadata(StatusCodes.Status403Forbidden, typeof(Problem), [Problem.MediaType]));
}

/// <summary>The role that an endpoint takes; of several, the last.</summary>
internal sealed record TakesRole(Role Role);
