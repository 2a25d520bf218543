using System.Reflection;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>The repository these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Bundle { get; } = Path.Combine(Root, "tests", "Fixtures", "bundles", "camp-gate-fusion-new-concat");

    public static string OtherBundle { get; } = Path.Combine(Root, "tests", "Fixtures", "bundles", "camp-gate-fusion-new-concat-compact");
}
