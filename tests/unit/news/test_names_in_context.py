"""Names in context: what stands beside a name and makes it another's, or no company's."""

import pytest

from connectors.tickers.directory import lists, ticker_finder
from operators.news.directory import Listing
from operators.news.tickers import TickerFinder


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # a longer name of another
        ("Merck KGaA lifts its forecast", ()),
        ("Hudson-Dominion Trust opens", ()),
        ("Dominion Voting settles with a network", ()),
        ("Eaton GmbH moves", ()),
        ("Emerson College strike ends", ()),
        ("Apple-Google deal in court", ("AAPL", "GOOGL")),
        ("An ex-Boeing engineer and a Tesla-backed lab", ("BA", "TSLA")),
        ("Coca-Cola HBC lifts its outlook, Ford Otosan too", ()),
        ("Coca-Cola Consolidated rises", ("COKE",)),
        # people and places
        ("A fire in Baxter State Park and at Delta County Airport", ()),
        ("Travelers wait at airports; a Nikola Tesla museum opens", ()),
        ("Judge Susan Eaton halts the order", ()),
        ("Gerald Ford and Perez Hilton", ()),
        ("Mr. Kellogg and Dr. Tyson", ()),
        ("A parade in Hershey, Pennsylvania", ()),
        ("Amazon rainforest shrinks", ()),
        ("Ford recalls vans", ("F",)),
        # words and laws
        ("Snap election in May, visa rules, a shell company", ()),
        ("Chevron deference is gone", ()),
        ("United States and United Nations", ()),
        ("Chevron profit, Shell profit", ("CVX", "SHEL")),
        # the ways in which one name is written
        ("eBay, nCino and iRobot", ("EBAY", "NCNO", "IRBT")),
        ("Wendys beats Macys and Dillards", ("WEN", "M", "DDS")),
        ("Johnson and Johnson wins", ("JNJ",)),
        ("Walmart, WalMart, Wal-Mart", ("WMT",)),
        ("TMobile and CocaCola", ("TMUS", "KO")),
        ("Est\u00e9e Lauder and Estee Lauder", ("EL",)),
        # a list beside companies
        ("Netflix, Snap and Roku", ("NFLX", "SNAP", "ROKU")),
        # amounts
        ("Sells $3M of land and 9.3M tonnes", ()),
        # a broker or publisher as source
        ("Citi: sell Roku", ("ROKU",)),
        ("Roku may double - Morningstar", ("ROKU",)),
        ("Roku may double - New York Times $ROKU #tv", ("ROKU",)),
        ("Roku to cut jobs, New York Times reports", ("ROKU",)),
        ("JPMorgan CEO says rates are high", ("JPM",)),
        ("Barclays sends a warning on Roku stock", ("ROKU",)),
    ],
)
def test_names_in_context(text: str, found: tuple[str, ...]) -> None:
    assert ticker_finder().find((), text) == found


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("10-Q - MACYS, INC. (0000794367) (Filer)", ("M",)),
        ("8-K - CASEYS GENERAL STORES INC (0000726958) (Filer)", ("CASY",)),
        ("4 - TARGET CORP (0000027419) (Issuer)", ("TGT",)),
        ("8-K - SOUTHERN CO (0000092122) (Filer)", ("SO",)),
        ("10-K - PROGRESSIVE CORP/OH/ (0000080661) (Filer)", ("PGR",)),
        ("8-K - UBER TECHNOLOGIES, INC (0001543151) (Filer)", ("UBER",)),
        ("8-K - CHIPOTLE MEXICAN GRILL INC (0001058090) (Filer)", ("CMG",)),
        ("6-K - STELLANTIS N.V. (0001605484) (Filer)", ("STLA",)),
        ("6-K - NOVO NORDISK A S (0000353278) (Filer)", ("NVO",)),
        ("10-Q - VERTEX PHARMACEUTICALS INC / MA (0000875320) (Filer)", ("VRTX",)),
        ("10-Q - TOYOTA MOTOR CORP/ (0001094517) (Filer)", ("TM",)),
        ("8-K - HORTON D R INC /DE/ (0000882184) (Filer)", ("DHI",)),
        ("8-K - PAPA JOHNS INTERNATIONAL INC (0000901491) (Filer)", ("PZZA",)),
        ("8-K - Target Group Inc. (0001586495) (Filer)", ()),
        ("D - Ford Street Fund LP (0001234567) (Filer)", ()),
        ("3 - Hilton Mary Ann (0001234567) (Reporting)", ()),
        ("144 - MACY ERIC J JR (0001234567) (Reporting)", ()),
        ("SC 13G/A - BlackRock Inc. (0001364742) (Filed by)", ()),
    ],
)
def test_filings_name_companies_to_the_letter(title: str, found: tuple[str, ...]) -> None:
    assert ticker_finder().find((), title, "Filed: 2025-01-02 AccNo: 0000-25-1 Size: 9 KB") == found


@pytest.mark.parametrize(
    ("title", "content", "found"),
    [
        ("Bakery doubles its sales", "It baked more. Share on Facebook Share on Twitter", ()),
        ("Bakery doubles", "Share this: Facebook Twitter Reddit Pinterest", ()),
        ("Bakery doubles", "Get our app on the Apple App Store or Google Play.", ()),
        ("Bakery doubles", "Facebook Twitter Email Print", ()),
        ("Bakery doubles", "So says the bakery's Facebook page.", ()),
        ("Bakery doubles", "Find us on Instagram, Snapchat and Pinterest. Via Spotify.", ()),
        ("Governor resigns", "She told her followers in a Facebook video.", ()),
        ("Facebook faces a fine", "It was said on Facebook.", ("META",)),
        ("Oil rises", "Exxon leads.\n" + "x " * 60 + "\nApple and Tesla were named.", ("XOM",)),
        (
            "Market wrap",
            "Prices rose. " * 80 + "Roku (NASDAQ: ROKU) fell, as did Apple.",
            ("ROKU",),
        ),
        ("Exxon rises", "Prices rose. " * 80 + "Roku (NASDAQ: ROKU) fell.", ("XOM",)),
    ],
)
def test_the_foot_of_an_article_and_buttons_are_no_subject(
    title: str, content: str, found: tuple[str, ...]
) -> None:
    assert ticker_finder().find((), title, content) == found


def test_what_is_left_of_a_cut_name_is_no_name() -> None:
    finder = TickerFinder(
        [
            Listing("UBNK", "United Bancorp Inc."),
            Listing("CNTY", "County Bancorp, Inc."),
            Listing("PATI", "Patriot Transportation Holding, Inc."),
            Listing("NSCO", "Nesco Holdings, Inc."),
        ],
        lists(),
    )
    assert finder.find((), "United States sues a county; County clerk; Patriot Act") == ()
    assert finder.find((), "Nesco rises; United Bancorp Inc too") == ("NSCO", "UBNK")


def test_lines_over_the_counter_and_warrants_have_no_names() -> None:
    finder = TickerFinder(
        [
            Listing("ZURRY", "Zurromed AG"),
            Listing("ZURRF", "Zurromed AG"),
            Listing("QWRTW", "Qwertine Corp"),
            Listing("QWRT", "Qwertine Corp"),
        ],
        lists(),
    )
    assert finder.find((), "Zurromed and Qwertine") == ("QWRT",)
    assert finder.find((), "$ZURRY") == ("ZURRY",)
