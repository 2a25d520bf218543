using System.Reflection;

namespace Retrieval.TestKit;

/// <summary>The repository these tests were built from.</summary>
public static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The fixture bundle most tests serve: 36 regions of 64 features, ragged captions.</summary>
    public static string Bundle { get; } = FixtureBundle("camp-gate-fusion-new-concat");

    /// <summary>The same model in another form: another fingerprint and other fields.</summary>
    public static string OtherBundle { get; } = FixtureBundle("camp-gate-fusion-new-concat-compact");

    /// <summary>A model of the same sizes with a ranking and an explainer.</summary>
    public static string ExplainedBundle { get; } = FixtureBundle("ranking-logit-explained");

    /// <summary>A model of images of 10 to 100 regions, of the same widths.</summary>
    public static string AnyRegionsBundle { get; } = FixtureBundle("camp-any-regions");

    private static string FixtureBundle(string name) => Path.Combine(Root, "tests", "Fixtures", "bundles", name);
}
