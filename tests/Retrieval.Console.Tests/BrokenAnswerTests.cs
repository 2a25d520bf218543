using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

/// <summary>Answers that something between the page and the service has cut off or replaced.</summary>
public sealed class BrokenAnswerTests(Chromium browser, DemoSite site)
{
    public static TheoryData<string, string> All => new(
        from path in (string[])["/", "/#/search?caption=a red cube", "/#/browse", "/#/compare?caption=a red cube&bShortlist=100", "/#/why?imageId=scene-000000&caption=a red cube", "/#/operate"]
        from body in (string[])["<html>sign in</html>", "{ \"hits\": [ { \"id\": \"sce", ""]
        select (path, body));

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_answer_that_is_no_JSON_is_told_in_every_view(string path, string body)
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        await visit.Page.RouteAsync("**/v1/**", route => route.FulfillAsync(new RouteFulfillOptions { Status = 200, ContentType = "text/html", Body = body }));

        await visit.Page.GotoAsync(path);

        await Expect(visit.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("The answer is cut off, or no JSON");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/#/search?caption=a red cube")]
    [InlineData("/#/browse")]
    [InlineData("/#/why?imageId=scene-000000&caption=a red cube")]
    public async Task An_answer_of_another_form_leaves_nobody_waiting(string path)
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        await visit.Page.RouteAsync("**/v1/**", route => route.FulfillAsync(new RouteFulfillOptions { Status = 200, ContentType = "application/json", Body = "{}" }));

        await visit.Page.GotoAsync(path);

        await Expect(visit.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("The page cannot show the answer");
        visit.ExpectAny("TypeError");
    }

    [Theory]
    [InlineData("/#/constructor")]
    [InlineData("/#/__proto__")]
    [InlineData("/#/toString?x=1")]
    public async Task An_address_that_names_what_every_object_has_is_no_view(string path)
    {
        await using var visit = await browser.VisitAsync(site.Address, path);

        await Expect(visit.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Nothing here");
    }

    [Fact]
    public async Task Every_image_that_is_browsed_has_its_picture_in_the_end_and_a_plain_box_before()
    {
        await using var visit = await browser.VisitAsync(site.Address, "/#/browse", height: 400);
        var pictures = visit.Page.Locator(".hit img");
        await Expect(pictures).ToHaveCountAsync(48);
        await Expect(pictures.First).ToHaveJSPropertyAsync("naturalWidth", 128);

        // A screenshot of the whole page, and paper, show those that nobody has scrolled to: their boxes and no sign of a broken picture.
        Assert.Equal(0, await pictures.Last.EvaluateAsync<int>("image => image.naturalWidth"));
        Assert.True(await pictures.EvaluateAllAsync<bool>("all => all.every(image => image.naturalWidth > 0 || getComputedStyle(image).opacity === '0')"));
        Assert.True(await pictures.EvaluateAllAsync<bool>("all => all.every(image => image.getBoundingClientRect().width > 50 && image.getBoundingClientRect().height > 50)"));

        for (var at = 0; at < 48; at += 4)
        {
            await pictures.Nth(at).ScrollIntoViewIfNeededAsync();
        }

        await pictures.Last.ScrollIntoViewIfNeededAsync();
        for (var at = 0; at < 48; at++)
        {
            await Expect(pictures.Nth(at)).ToHaveJSPropertyAsync("naturalWidth", 128);
            await Expect(pictures.Nth(at)).ToHaveCSSAsync("opacity", "1");
        }
    }

    [Fact]
    public async Task Of_many_hits_only_the_pictures_near_the_window_are_fetched()
    {
        var fetched = 0;
        await using var visit = await browser.VisitAsync(site.Address, "/#/nowhere");
        visit.Page.Request += (_, request) => Interlocked.Add(ref fetched, request.Url.Contains("/v1/pictures/", StringComparison.Ordinal) ? 1 : 0);

        await visit.Page.GotoAsync("/#/search?like=scene-000000&top=999");
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(999);
        await Expect(visit.Page.Locator(".hit img").First).ToHaveJSPropertyAsync("naturalWidth", 128);
        Assert.InRange(fetched, 1, 100);

        await visit.Page.Locator(".hit").Last.ScrollIntoViewIfNeededAsync();
        await Expect(visit.Page.Locator(".hit img").Last).ToHaveJSPropertyAsync("naturalWidth", 128);
        Assert.InRange(fetched, 2, 500);
    }
}
