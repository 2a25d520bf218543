using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Addresses that somebody wrote by hand, cut off or made up.</summary>
public sealed class AddressTests(Chromium browser, DemoSite site)
{
    [Theory]
    [InlineData("/#/search?caption=cube&topp=3", "The address has “topp”, which this view does not know: it is left out.")]
    [InlineData("/#/search?caption=cube&top=2&top=3", "The address has “top” more than once: the first counts.")]
    [InlineData("/#/search?caption=cube&imageId=scene-000000", "The address has caption and imageId, of which one is searched for: caption is.")]
    [InlineData("/#/search?top=3", "The address does not say what to search for: it has none of caption, like, imageId, file.")]
    [InlineData("/#/search?file=gone.npy&find=dogs", "The address has find=dogs: expected captions or images.")]
    [InlineData("/#/search?caption=cube&<b>x</b>=1", "The address has “<b>x</b>”, which this view does not know")]
    [InlineData("/#/compare?aShortlist=20", "The address does not say what to search for: it has neither a caption nor an imageId.")]
    [InlineData("/#/compare?caption=cube&bShortlst=20", "The address has “bShortlst”, which this view does not know")]
    [InlineData("/#/why", "The address names no image: it has no imageId.")]
    [InlineData("/#/why?imageId=scene-000000", "The address names no caption: it has neither a caption nor a captionId.")]
    [InlineData("/#/why?imageId=scene-000000&caption=a cube&captionId=scene-000000%230", "of which one is explained: the caption is.")]
    [InlineData("/#/browse?before=scene-000003", "The address has “before”, which this view does not know")]
    [InlineData("/#/operate?x=1", "The address has “x”, which this view does not know: it is left out. It knows no member.")]
    [InlineData("/#/search?caption=%zz%", "unknown")]
    public async Task What_an_address_lacks_or_has_too_much_is_told_in_plain_words(string path, string told)
    {
        await using var visit = await browser.VisitAsync(site.Address, path);

        await Expect(visit.Page.GetByText(told).First).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("/#/search?caption=cube&rankBy=best", "rankBy")]
    [InlineData("/#/compare?caption=cube&bShortlist=0", "shortlist")]
    public async Task A_value_that_the_service_refuses_has_its_reason(string path, string told)
    {
        await using var visit = await browser.VisitAsync(site.Address, path);

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Bad Request (400)");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(told);
        visit.Expect("Failed to load resource");
    }
}
