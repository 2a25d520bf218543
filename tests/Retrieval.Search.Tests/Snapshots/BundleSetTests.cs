using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Tests.Snapshots;

public sealed class BundleSetTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_bundle_is_known_by_its_fingerprint_with_the_schema_that_its_model_asks_for()
    {
        var bundles = BundleSet.Read([Bundle.Path]);

        var (fingerprint, schema) = Assert.Single(bundles.Schemas);
        Assert.Equal((Bundle.Model.Fingerprint, Bundle.Path), (fingerprint, bundles.FolderOf(fingerprint)));
        Assert.Equivalent(IndexBinding.SchemaOf(Bundle.Model), schema);
    }

    [Fact]
    public void A_manifest_that_is_a_link_is_refused_as_it_is_when_the_bundle_is_loaded()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "bundle.json"), Path.Combine(Bundle.Path, "bundle.json"));

        var refused = Assert.Throws<InvalidBundleException>(() => BundleSet.Read([_folder.Path]));

        Assert.Contains("bundle.json is a symbolic link", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_there_or_empty_is_refused_by_name()
    {
        Assert.Contains("there is no such folder", Assert.Throws<InvalidBundleException>(() => BundleSet.Read([Path.Combine(_folder.Path, "nowhere")])).Message, StringComparison.Ordinal);
        Assert.Contains("bundle.json cannot be read", Assert.Throws<InvalidBundleException>(() => BundleSet.Read([_folder.Path])).Message, StringComparison.Ordinal);
    }
}
