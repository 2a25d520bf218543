using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Maintenance;

public sealed class CatalogVerifyTests
{
    private const string Victim = "(select row_no from retrieval.image where id = 'image-0003')";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_index_has_no_findings_and_all_its_embeddings_are_compared()
    {
        await using var catalog = await FilledAsync();
        var verification = await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation);
        Assert.Empty(verification.Findings);
        var state = SampleSource.StateAfter(100);
        Assert.Equal(state.Count - 1, verification.Images);
        var captions = state.Where(image => image.Key != "image-0009").Sum(image => SampleCorpus.Image(image.Key, image.Value).Entry.Captions.Count);
        Assert.Equal(verification.Images + captions, verification.Embeddings);
        var sample = await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, every: 5, Cancellation);
        Assert.Empty(sample.Findings);
        Assert.InRange(sample.Embeddings, 1, verification.Embeddings / 2);
    }

    [Theory]
    [InlineData("delete from retrieval.image_record where row_no = VICTIM", "image_record, image 'image-0003'", "it has no record")]
    [InlineData("delete from retrieval.image_embedding where row_no = VICTIM", "image_embedding, image 'image-0003'", "it has no embedding")]
    [InlineData("update retrieval.image_record set record = substring(record from 2) where row_no = VICTIM", "image_record, row ", "its record has 71 bytes, expected 72")]
    [InlineData("update retrieval.image_record set record = record || '\\x00' where row_no = VICTIM", "image_record, row ", "its record has 73 bytes, expected 72")]
    [InlineData("update retrieval.image_record set record = overlay(record placing '\\x0000c07f' from 49) where row_no = VICTIM", "image_embedding, image 'image-0003'", "value 0 of the record's embedding is NaN")]
    [InlineData("update retrieval.image_record set record = overlay(record placing '\\x0000803f' from 53) where row_no = VICTIM", "image_embedding, image 'image-0003'", "and the record's 1 in half precision is 1")]
    [InlineData("update retrieval.image_embedding set embedding = '[1,2,3,4,5,6]' where row_no = VICTIM", "image_embedding, image 'image-0003'", "value 0 is 1, and the record's")]
    [InlineData("update retrieval.image_embedding set embedding = '[1,2,3]' where row_no = VICTIM", "image_embedding, image 'image-0003'", "it has 3 values, expected 6")]
    [InlineData("insert into retrieval.image_record select 1, 999999, record from retrieval.image_record limit 1", "image_record, row 999999", "no live image has it")]
    [InlineData("insert into retrieval.image_embedding select 1, 999999, embedding from retrieval.image_embedding limit 1", "image_embedding, row 999999", "no live image has it")]
    [InlineData("insert into retrieval.caption select 1, 999999, 0, 'x', 0, record from retrieval.caption limit 1", "caption, row 999999", "no live image has it")]
    [InlineData("insert into retrieval.caption_embedding select 1, 999999, 0, embedding from retrieval.caption_embedding limit 1", "caption_embedding, row 999999", "no live image has it")]
    [InlineData("insert into retrieval.image_embedding select 1, (select row_no from retrieval.image where deleted), embedding from retrieval.image_embedding limit 1", "image_embedding, row ", "no live image has it")]
    [InlineData("delete from retrieval.caption where row_no = CAPTIONED and position = 0", "caption, image ", "captions at positions 1 to ")]
    [InlineData("delete from retrieval.caption where row_no = CAPTIONED", "caption, image ", "it has 0 captions at positions")]
    [InlineData("delete from retrieval.caption_embedding where row_no = CAPTIONED and position = 1", "caption_embedding, image ", "embeddings of captions at positions")]
    [InlineData("update retrieval.caption set position = position + 10 where row_no = CAPTIONED", "caption, image ", "captions at positions 10 to ")]
    [InlineData("update retrieval.image set captions = captions + 1 where row_no = CAPTIONED", "caption, image ", " from 0")]
    [InlineData("update retrieval.caption set words = words + 1 where row_no = CAPTIONED and position = 1", "caption, row ", "words make")]
    [InlineData("update retrieval.caption_embedding set embedding = '[1,2,3,4,5,6]' where row_no = CAPTIONED and position = 1", "caption_embedding, row ", "value 0 is 1")]
    [InlineData("update retrieval.image set epoch = 999 where id = 'image-0003'", "image, image 'image-0003'", "its epoch is 999, and the index is at 11")]
    [InlineData("update retrieval.image set epoch = 0 where id = 'image-0003'", "image, image 'image-0003'", "its epoch is 0")]
    [InlineData("update retrieval.index set purged_epoch = 11", "image, image 'image-0009'", "it was deleted with epoch 11, and tombstones up to 11 are gone")]
    [InlineData("update retrieval.index set purged_epoch = 12", "index, sample", "it is at epoch 11, and tombstones up to 12 are gone")]
    [InlineData("delete from retrieval.change where epoch = 11", "change, epoch 11", "the last change is not noted")]
    [InlineData("insert into retrieval.change (index_id, epoch) values (1, 12)", "change, epoch 12", "it is noted, and the index is at 11")]
    [InlineData("update retrieval.image set content_hash = '\\x00' where id = 'image-0003'", "image, image 'image-0003'", "its content hash has 1 bytes, not 32")]
    [InlineData("update retrieval.image set source_no = 77 where id = 'image-0003'", "image, image 'image-0003'", "its source is number 77")]
    [InlineData("update retrieval.image set tags = array['x'] where id = 'image-0003'", "image, image 'image-0003'", "its tags are not those of its metadata")]
    [InlineData("delete from retrieval.image_value where row_no = NUMBERED", "image_value, image ", "it has 0 values, expected 1")]
    [InlineData("update retrieval.image_value set value = value || '1' where row_no = NUMBERED", "image_value, image ", "its values are not those of its metadata")]
    [InlineData("insert into retrieval.image_value values (1, 999999, 'x')", "image_value, row 999999", "no live image has it")]
    [InlineData("update retrieval.image set value_rows = 2 where row_no = NUMBERED", "image_value, image ", "it has 1 values, expected 2")]
    [InlineData("drop table retrieval.image_value_1", "image_value_1", "the table is missing")]
    [InlineData("update retrieval.image set metadata = '[1]' where id = 'image-0003'", "image, image 'image-0003'", "expected an object")]
    [InlineData("drop table retrieval.caption_1", "caption_1", "the table is missing")]
    public async Task Damage_done_by_hand_is_found_and_named(string damage, string where, string problem)
    {
        await using var catalog = await FilledAsync();
        const string captioned = "(select min(row_no) from retrieval.image where captions > 1)";
        await catalog.ExecuteAsync(damage.Replace("VICTIM", Victim, StringComparison.Ordinal).Replace("CAPTIONED", captioned, StringComparison.Ordinal).Replace("NUMBERED", "(select min(row_no) from retrieval.image where value_rows > 0)", StringComparison.Ordinal));
        var verification = await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation);
        Assert.Contains(verification.Findings, finding => finding.Where.StartsWith(where, StringComparison.Ordinal) && finding.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.InRange(verification.Findings.Count, 1, 3);
    }

    [Fact]
    public async Task Writers_at_work_are_no_damage()
    {
        await using var catalog = await FilledAsync();
        var writing = new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()) { Key = "other", Ids = "other" };
        var written = writing.RunUntilToldAsync();
        for (var times = 0; times < 5; times++)
        {
            Assert.Empty((await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation)).Findings);
        }

        writing.EndAt(writing.Acknowledged);
        await written;
    }

    private static async Task<SampleCatalog> FilledAsync()
    {
        var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(100);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        Assert.Equal(11, await images.DeleteAsync("image-0009", Cancellation));
        return catalog;
    }
}
