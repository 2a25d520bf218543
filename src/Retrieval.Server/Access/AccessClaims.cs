using System.Security.Claims;

namespace Retrieval.Server.Access;

/// <summary>Roles as claims of the framework: each with those that it includes.</summary>
internal static class AccessClaims
{
    /// <summary>The claim of a role, which only this code sets: one of a token is never taken as it is.</summary>
    public const string Role = "retrieval:role";

    public static IEnumerable<Claim> Of(IEnumerable<Role> roles) =>
        roles.SelectMany(Roles.Granted).Distinct().Select(role => new Claim(Role, Roles.NameOf(role)));
}
