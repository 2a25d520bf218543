using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Health;

/// <summary>The routes of health checks.</summary>
internal static class HealthRoutes
{
    public static readonly PathString Root = new("/health");

    /// <summary>Whether a path is a health route.</summary>
    public static bool Has(PathString path) => path.StartsWithSegments(Root, StringComparison.OrdinalIgnoreCase);
}
