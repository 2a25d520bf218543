using Retrieval.Bench.Sources;
using Retrieval.Features.Arrays;
using Retrieval.Features.Hdf5;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Bench.Tests.Sources;

/// <summary>The examples of docs/features.md: each form is what the readers take it for, and holds the same images.</summary>
public sealed class SourceFormsTests : IDisposable
{
    private const int Count = 7;
    private static readonly SampleImages Images = new(Count, 36, 8);
    private static readonly FeatureExpectation Expected = new() { RegionCount = 36, RegionWidth = 8 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_form_is_recognised_and_holds_the_same_images()
    {
        foreach (var (form, write) in SourceForms.All)
        {
            write(_folder.Path, Images);
            if (form == "captions")
            {
                continue;
            }

            using var source = Open(form);
            var images = source.ReadFrom(0).Select(item => Assert.IsType<ImageSample>(item)).ToList();

            Assert.Equal(Enumerable.Range(0, Count).Select(SampleImages.Id), images.Select(image => image.Id));
            Assert.All(images, image => Assert.Equal(Images.Features((int)image.Row), image.Regions.ToArray()));
            Assert.All(images, image => Assert.Equal(form == "header" ? null : Images.Boxes(), image.Boxes?.ToArray()));
            Assert.All(images, image => Assert.Equal(form == "split" ? SampleImages.CaptionsPerImage : 0, image.Captions.Count));
        }
    }

    [Theory]
    [InlineData("by-id.json", "JSON of captions by image id")]
    [InlineData("captions_coco.json", "COCO's captions")]
    [InlineData("dataset_karpathy.json", "Karpathy's dataset")]
    [InlineData("lines.txt", "lines of id, tab, caption")]
    [InlineData("results.token", "lines of id#number, tab, caption (Flickr's .token)")]
    [InlineData("captions.csv", "a table of image, caption")]
    public void Every_form_of_captions_is_recognised_and_holds_the_same(string file, string form)
    {
        SourceForms.All["tsv"](_folder.Path, Images);
        SourceForms.All["captions"](_folder.Path, Images);
        using var source = DetectorTsvSource.Open(_folder["features.tsv"], _folder[$"captions/{file}"], Expected);

        Assert.All(source.ReadFrom(0), item => Assert.Equal(SampleImages.Captions((int)item.Row), Assert.IsType<ImageSample>(item).Captions));
        Assert.Equal($"{file}: {form}; 14 captions of 7 images", source.Notes[1]);
    }

    private IFeatureSource Open(string form) => form switch
    {
        "split" => PrecomputedSplitSource.Open(_folder["split"], "test", Expected),
        "arrays" => ArrayFolderSource.Open(_folder["arrays"], null, Expected),
        "hdf5" => Hdf5Source.Open(_folder["features.h5"], null, Expected),
        "hdf5-adaptive" => Hdf5Source.Open(_folder["adaptive.h5"], null, Expected),
        "tsv" or "tsv.gz" => DetectorTsvSource.Open(_folder[$"features.{form}"], null, Expected),
        _ => DetectorTsvSource.Open(_folder[$"{form}.tsv"], null, Expected),
    };
}
