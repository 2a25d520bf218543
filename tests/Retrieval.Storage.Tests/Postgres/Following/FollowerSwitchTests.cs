using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>Another index is activated, purged, set back, refused; another database.</summary>
[Trait("Promise", "14")]
public sealed class FollowerSwitchTests
{
    private static readonly IndexSchema other = SampleCorpus.Schema with { Fingerprint = new string('c', 64) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_active_index_is_copied_beside_the_served_one_which_is_followed_meanwhile_and_then_takes_its_place()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 10), 0);
        await using var follower = catalog.Follower(with: options => options with { SliceBytes = 1, CommitBytes = 1 });
        var blue = (await ReplicatedCatalog.SettleAsync(follower)).Index!;

        var green = await MakeAsync(catalog, "green", SampleCorpus.Schema, 60);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation);
        var steps = new List<FollowStep>();
        while (steps.Count == 0 || steps[^1].More)
        {
            await catalog.PutAsync(Ids(100 + steps.Count, 1), steps.Count);
            steps.Add(await follower.StepAsync(null, Cancellation));
            if (steps[^1].More)
            {
                Assert.Equal((blue.Path, true), (steps[^1].Index!.Path, steps[^1].Changed));
                await catalog.HoldsAsync(steps[^1].Index);
            }
        }

        Assert.True(steps.Count > 3);
        Assert.Equal(("green", green.IndexId, true), (steps[^1].Index!.Name, steps[^1].Index!.IndexId, steps[^1].Changed));
        await catalog.HoldsAsync(steps[^1].Index, State(60));
        Assert.True(Directory.Exists(blue.Path));

        // The former copy is there until the next switch, so that going back is quick.
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancellation);
        var back = await ReplicatedCatalog.SettleAsync(follower);
        Assert.Equal((blue.Path, 0), (back.Index!.Path, back.Applied));
        await catalog.HoldsAsync(back.Index);
        await MakeAsync(catalog, "red", SampleCorpus.Schema, 5);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "red", Cancellation);
        await catalog.HoldsAsync((await ReplicatedCatalog.SettleAsync(follower)).Index, State(5));
        Assert.True(Directory.Exists(blue.Path));
        Assert.False(Directory.Exists(steps[^1].Index!.Path));
    }

    [Fact]
    public async Task A_copy_begun_for_a_switch_that_was_taken_back_is_removed()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 10), 0);
        await using var follower = catalog.Follower(with: options => options with { SliceBytes = 1, CommitBytes = 1 });
        await follower.StepAsync(null, Cancellation);
        await MakeAsync(catalog, "green", SampleCorpus.Schema, 60);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation);
        Assert.True((await follower.StepAsync(null, Cancellation)).More);
        Assert.Equal(2, Directory.GetDirectories(catalog.Cache()).Length);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancellation);
        Assert.False((await follower.StepAsync(null, Cancellation)).More);
        Assert.Single(Directory.GetDirectories(catalog.Cache()));
    }

    [Fact]
    public async Task The_former_copy_is_removed_at_the_next_start()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 10), 0);
        await using (var follower = catalog.Follower())
        {
            await follower.StepAsync(null, Cancellation);
            await MakeAsync(catalog, "green", SampleCorpus.Schema, 5);
            await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation);
            await ReplicatedCatalog.SettleAsync(follower);
            Assert.Equal(2, Directory.GetDirectories(catalog.Cache()).Length);
        }

        await using var again = catalog.Follower();
        Assert.Equal("green", again.OpenCached()!.Name);
        Assert.False((await again.StepAsync(null, Cancellation)).Changed);
        Assert.Single(Directory.GetDirectories(catalog.Cache()));
    }

    [Fact]
    public async Task An_index_of_a_bundle_the_replica_does_not_have_is_refused_and_the_former_one_followed_on()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 10), 0);
        await using var follower = catalog.Follower();
        await follower.StepAsync(null, Cancellation);
        await MakeAsync(catalog, "green", other, 5);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation);
        await catalog.PutAsync(Ids(3, 3), 1);
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal(("blue", true, 3), (step.Index!.Name, step.Changed, step.Applied));
        Assert.Contains(other.Fingerprint, step.Refusal);
        Assert.Contains(SampleCorpus.Schema.Fingerprint, step.Refusal);
        await catalog.HoldsAsync(step.Index);

        await CatalogIndexes.ActivateAsync(catalog.Catalog, "blue", Cancellation);
        Assert.Null((await follower.StepAsync(null, Cancellation)).Refusal);
    }

    [Fact]
    public async Task The_same_bundle_with_other_fields_is_refused()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        var accepted = new Dictionary<string, IndexSchema> { [SampleCorpus.Schema.Fingerprint] = SampleCorpus.Schema with { ImageFields = [] } };
        await using var follower = catalog.Follower(accepted: accepted);
        var step = await follower.StepAsync(null, Cancellation);
        Assert.Null(step.Index);
        Assert.Contains("list of image fields", step.Refusal);
    }

    [Fact]
    public async Task A_catalog_without_an_active_or_named_index_is_said_to_have_none_and_one_that_a_replica_is_pinned_to_is_not_dropped()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.activation", Cancellation);
        await using var active = catalog.Follower("active");
        Assert.Contains("no index of the catalog is active", (await active.StepAsync(null, Cancellation)).Refusal);
        await using var named = catalog.Follower("named", options => options with { IndexName = "green" });
        Assert.Contains("the catalog has no index named green", (await named.StepAsync(null, Cancellation)).Refusal);

        await MakeAsync(catalog, "green", SampleCorpus.Schema, 5);
        var step = await named.StepAsync(null, Cancellation);
        Assert.Null(step.Refusal);
        await catalog.HoldsAsync(step.Index, State(5));
        await RefusedAsync(catalog);
        await catalog.Database.ExecuteAsAdminAsync(
            "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.database = (select oid from pg_database where datname = current_database())", Cancellation);
        await named.StepAsync(null, Cancellation);
        await RefusedAsync(catalog);

        // The replica is gone, and so is its pin.
        await named.DisposeAsync();
        await Eventually.TrueAsync(
            () => catalog.Database.AskAsAdminAsync<bool>("select not exists (select from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and database = (select oid from pg_database where datname = current_database()))", Cancellation), "the server lets go of the pin");
        await CatalogIndexes.DropAsync(catalog.Catalog, "green", Cancellation);
        step = await named.StepAsync(null, Cancellation);
        Assert.Contains("the catalog has no index named green", step.Refusal);
        await catalog.HoldsAsync(step.Index, State(5));
    }

    private static async Task RefusedAsync(ReplicatedCatalog catalog)
    {
        var refused = await Assert.ThrowsAsync<CatalogException>(() => CatalogIndexes.DropAsync(catalog.Catalog, "green", Cancellation));
        Assert.Equal(CatalogFault.Index, refused.Fault);
        Assert.Contains("a replica is pinned to it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_missed_purged_deletions_is_made_anew_beside_and_served_until_then()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 60), 0);
        await using var follower = catalog.Follower(with: options => options with { SliceBytes = 1, CommitBytes = 1 });
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        var before = new Dictionary<string, int>(catalog.State);
        await catalog.DeleteAsync(Id(5));
        await catalog.PutAsync(Ids(60, 5), 0);
        await catalog.PutAsync(Ids(65, 5), 0);
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image where deleted; update retrieval.index set purged_epoch = epoch - 2", Cancellation);

        var step = await follower.StepAsync(null, Cancellation);
        Assert.Equal((former, true, false), (step.Index, step.More, step.Changed));
        await catalog.HoldsAsync(step.Index, before);
        step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.NotEqual(former.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index);
        await catalog.PutAsync(Ids(1, 1), 3);
        var followed = await follower.StepAsync(null, Cancellation);
        Assert.Equal(step.Index.Path, followed.Index!.Path);
        await catalog.HoldsAsync(followed.Index);
    }

    [Fact]
    public async Task A_purge_of_deletions_the_copy_knows_of_changes_nothing()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 20), 0);
        await catalog.DeleteAsync(Id(5));
        await using var follower = catalog.Follower();
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        await catalog.Database.ExecuteAsAdminAsync("delete from retrieval.image where deleted; update retrieval.index set purged_epoch = epoch", Cancellation);
        Assert.Equal((former, false), (await follower.StepAsync(null, Cancellation)) is { } step ? (step.Index, step.Changed) : default);
    }

    [Fact]
    public async Task A_catalog_that_was_set_back_is_copied_anew()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 20), 0);
        await catalog.PutAsync(Ids(20, 1), 0);
        await using var follower = catalog.Follower();
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        await catalog.Database.ExecuteAsAdminAsync("update retrieval.index set epoch = 1; delete from retrieval.image where epoch = 2", Cancellation);
        var step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.NotEqual(former.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index, State(20));
    }

    [Fact]
    public async Task Another_database_under_the_same_address_is_another_copy()
    {
        await using var catalog = await ReplicatedCatalog.CreateAsync();
        await catalog.PutAsync(Ids(0, 20), 0);
        await using var follower = catalog.Follower();
        var former = (await follower.StepAsync(null, Cancellation)).Index!;
        await catalog.Database.ExecuteAsAdminAsync("update retrieval.catalog set catalog_id = gen_random_uuid()", Cancellation);
        var step = await ReplicatedCatalog.SettleAsync(follower);
        Assert.True(step.Changed);
        Assert.NotEqual(former.Path, step.Index!.Path);
        await catalog.HoldsAsync(step.Index);
    }

    private static async Task<CatalogIndex> MakeAsync(ReplicatedCatalog catalog, string name, IndexSchema schema, int images)
    {
        var index = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, name, schema, Cancellation);
        await using var writer = new CatalogImageWriter(catalog.Catalog, index);
        foreach (var ids in Ids(0, images).Chunk(10))
        {
            await writer.PutAsync(SampleCorpus.Batch(ids.Select(id => (id, 0))), Cancellation);
        }

        return index;
    }

    private static Dictionary<string, int> State(int images) => Ids(0, images).ToDictionary(id => id, _ => 0);

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(Id);

    private static string Id(int i) => $"image-{i:D4}";
}
