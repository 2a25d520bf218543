using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Health;

/// <summary>Where health is asked for.</summary>
internal static class HealthRoutes
{
    public static readonly PathString Root = new("/health");

    /// <summary>Whether a path is one of health's.</summary>
    public static bool Has(PathString path) => path.StartsWithSegments(Root, StringComparison.OrdinalIgnoreCase);
}
