using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;

namespace Retrieval.Search.Tests.Snapshots;

/// <summary>A source of snapshots that goes from one index and model to another.</summary>
[Trait("Promise", "14")]
public sealed class SnapshotSwitchTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_goes_with_its_last_lease_and_not_before()
    {
        var (blue, green) = await TwoAsync();
        using var source = Source($"{Bundle.Path};{Bundle.OtherPath}");
        source.Switch(blue, TestContext.Current.CancellationToken);
        var first = source.Acquire();
        var model = source.AcquireModel();
        Assert.Equal((blue, blue), (first.Served, model.Served));

        source.Switch(green, TestContext.Current.CancellationToken);

        Assert.Equal((green, green.Fingerprint), (source.Status!.Served, source.Status.Fingerprint));
        Encode(first.Model);
        first.Dispose();
        Encode(model.Model);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Encode(model.Model));
        using var second = source.Acquire();
        Encode(second.Model);
        Assert.Equal(5, second.Index.Images.Count);
    }

    [Fact]
    public async Task An_index_of_no_bundle_here_or_none_at_all_leaves_the_former_one_serving()
    {
        var (blue, green) = await TwoAsync();
        using var source = Source(Bundle.Path);
        source.Switch(blue, TestContext.Current.CancellationToken);

        Assert.Throws<InvalidBundleException>(() => source.Switch(green, TestContext.Current.CancellationToken));
        Assert.Throws<IndexMissingException>(() => source.Switch(blue with { Folder = _folder.Path + "/none" }, TestContext.Current.CancellationToken));

        Assert.Equal(blue, source.Status!.Served);
        using var snapshot = source.Acquire();
        Encode(snapshot.Model);
    }

    [Fact]
    public async Task Of_several_bundles_an_embedded_index_finds_its_own()
    {
        var (blue, green) = await TwoAsync();
        foreach (var served in new[] { blue, green })
        {
            using var source = new SnapshotSource(new SnapshotOptions { Bundle = $"{Bundle.OtherPath} ; {Bundle.Path}", Index = served.Folder, Inference = Bundle.Inference });
            source.Load(TestContext.Current.CancellationToken);
            Assert.Equal(served.Fingerprint, source.Status!.Fingerprint);
            Assert.Null(source.Status.Served);
        }

        // Built anew in the same place with the other bundle, it is taken up together with that.
        using var rebuilt = new SnapshotSource(new SnapshotOptions { Bundle = $"{Bundle.OtherPath};{Bundle.Path}", Index = blue.Folder, Inference = Bundle.Inference });
        rebuilt.Load(TestContext.Current.CancellationToken);
        Directory.Delete(blue.Folder, recursive: true);
        Directory.Move(green.Folder, blue.Folder);
        Assert.True(rebuilt.TryRefresh(TestContext.Current.CancellationToken));
        Assert.Equal((green.Fingerprint, 5), (rebuilt.Status!.Fingerprint, rebuilt.Status.Images));
    }

    [Fact]
    public async Task The_model_is_leased_without_the_index()
    {
        var (blue, _) = await TwoAsync();
        using var source = Source(Bundle.Path);
        Assert.Throws<NotReadyException>(source.AcquireModel);
        source.Switch(blue, TestContext.Current.CancellationToken);
        using var model = source.AcquireModel();
        source.Dispose();
        Encode(model.Model);
        Assert.Throws<NotReadyException>(source.AcquireModel);
    }

    [Fact]
    public async Task A_switch_does_not_wait_for_a_further_index_that_is_being_opened_which_is_withdrawn()
    {
        var (blue, green) = await TwoAsync();
        using var copying = new HeldCopy();
        using var source = ResidentSource();
        source.Switch(blue, TestContext.Current.CancellationToken);
        var further = source.Add("further", blue.Folder, copying);
        var opening = Task.Run(() => further.Load(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await copying.BegunAsync;

        await Task.Run(() => source.Switch(green, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal("index further is not loaded", Assert.Throws<FurtherIndexException>(() => source.Acquire("further")).Message);
        copying.Release();
        var withdrawn = await Assert.ThrowsAsync<FurtherIndexException>(() => opening);
        Assert.Equal("index further was withdrawn while it was being opened: another bundle is served now", withdrawn.Message);
        Assert.Throws<OtherBundleException>(() => further.Load(TestContext.Current.CancellationToken));

        source.Switch(blue, TestContext.Current.CancellationToken);
        further.Load(TestContext.Current.CancellationToken);
        using var snapshot = source.Acquire("further");
        Assert.Equal((4, true), (snapshot.Index.Images.Count, snapshot.ImageBank.IsResident));
    }

    [Fact]
    public async Task A_switch_does_not_wait_for_a_further_index_that_takes_up_changes_and_what_it_had_is_not_answered_from()
    {
        var (blue, green) = await TwoAsync();
        using var copying = new HeldCopy();
        using var source = ResidentSource();
        source.Switch(blue, TestContext.Current.CancellationToken);
        copying.Release();
        var further = source.Add("further", blue.Folder, copying);
        further.Load(TestContext.Current.CancellationToken);
        using var before = source.Acquire("further");
        await Ingest.RunAsync(Corpus.Make(6, 1, 3).AsSource("2"), blue.Folder);
        copying.Hold();
        var refreshing = Task.Run(() => further.TryRefresh(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await copying.BegunAsync;

        await Task.Run(() => source.Switch(green, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Null(further.Status);
        Assert.Throws<FurtherIndexException>(() => source.Acquire("further"));
        Encode(before.Model);
        copying.Release();
        await Assert.ThrowsAsync<FurtherIndexException>(() => refreshing);
        Assert.Null(further.Status);

        source.Switch(blue, TestContext.Current.CancellationToken);
        further.Load(TestContext.Current.CancellationToken);
        Assert.Equal(6, further.Status!.Images);
    }

    private SnapshotSource ResidentSource() => new(new SnapshotOptions
    {
        Bundle = $"{Bundle.Path};{Bundle.OtherPath}",
        Index = _folder.Index,
        Inference = Bundle.Inference with { BankPlacement = BankPlacement.Resident },
    });

    private async Task<(ServedIndex Blue, ServedIndex Green)> TwoAsync()
    {
        var (blue, green) = (Path.Combine(_folder.Path, "blue"), Path.Combine(_folder.Path, "green"));
        await Ingest.RunAsync(Corpus.Make(4, 1, 1).AsSource(), blue);
        using var other = MatchingModel.Load(Bundle.OtherPath, Bundle.Inference);
        await new Search.Ingestion.IngestionJob(other, Ingest.Options(4, 8), TimeProvider.System)
            .RunAsync(Corpus.Make(5, 1, 2).AsSource(), green, null, TestContext.Current.CancellationToken);
        return (new ServedIndex(blue, "blue", 1, Bundle.Model.Fingerprint), new ServedIndex(green, "green", 2, other.Fingerprint));
    }

    private SnapshotSource Source(string bundles) => new(new SnapshotOptions { Bundle = bundles, Index = _folder.Index, Inference = Bundle.Inference });

    private static void Encode(MatchingModel model)
    {
        using var encoded = model.TextEncoder.Encode([[1, 4, 2]], TestContext.Current.CancellationToken);
    }
}
